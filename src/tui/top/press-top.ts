/**
 * What a key does in the dashboard. An approval is answered by the rule of an attachment: its
 * prompt stands there without the keyboard, Tab gives it that, not before it has been on the
 * screen for a moment, and then each decision has one key and Enter is none of them. Pure.
 */
import { isNew, withSeen } from "../approvals/in-view.ts";
import {
  focusApproval,
  pasteInForm,
  pressInApproval,
  typeInForm,
} from "../approvals/press-approval.ts";
import { type Command, commandFor, type Focus } from "../keymap.ts";
import type { Model, Step } from "../model.ts";
import type { Stroke } from "../terminal/keystrokes.ts";
import { graphemes } from "../text/lines.ts";
import {
  answered,
  noticedTop,
  onlyTop,
  selectedOf,
  type TopEffect,
  type TopModel,
  type TopStep,
  wantAsked,
} from "./model.ts";
import { nextSort, rowsOf } from "./order.ts";
import { helpRowMaxOf, panelOf, rowsInView, sessionAt } from "./top-screen.ts";

/** What terminals move by themselves for one notch is rows of text; here it is one session. */
export function topFocusOf({ prefix, dialog, asked }: TopModel): Focus {
  if (prefix) return "prefix";
  if (dialog !== null) return dialog.kind === "help" ? "help" : "confirm";
  if (asked?.dialog?.kind === "approval") return asked.dialog.form === null ? "approval" : "form";
  return "top";
}

/** A run of text may have crossed the line as one: each of its characters is a key. */
export function pressTop(given: TopModel, stroke: Stroke): TopStep {
  if (given.left) return onlyTop(given);
  const model = { ...given, notice: null };
  if ("key" in stroke) return pressKey(model, stroke.key);
  const [first = "", ...rest] = graphemes(stroke.text);
  const step =
    topFocusOf(model) === "form"
      ? inApproval(model, (asked) => typeInForm(asked, first, unseen(model)))
      : pressKey(model, first);
  if (rest.length === 0) return step;
  const next = pressTop(step.model, { text: rest.join("") });
  return { model: next.model, effects: [...step.effects, ...next.effects] };
}

export function pasteTop(model: TopModel, text: string): TopStep {
  if (topFocusOf(model) === "form" && !model.left) {
    return inApproval(model, (asked) => pasteInForm(asked, text.replace(/\s+/g, " ")));
  }
  return onlyTop(noticedTop(model, "nothing takes a paste here"));
}

/** A click selects a session, and attaches to the selected one; a prompt is left with Esc first. */
export function clickTop(given: TopModel, y: number): TopStep {
  if (given.left || topFocusOf(given) !== "top") return onlyTop(given);
  const model = { ...given, notice: null };
  const clicked = sessionAt(model, y);
  if (clicked === undefined) return onlyTop(model);
  if (clicked.session.id === model.selected) return run(model, "top-attach", "");
  return select(
    model,
    rowsOf(model).findIndex(({ number }) => number === clicked.number),
  );
}

function pressKey(model: TopModel, key: string): TopStep {
  const focus = topFocusOf(model);
  const command = commandFor(focus, key, model.around.prefix);
  const unarmed = focus === "prefix" ? { ...model, prefix: false } : model;
  if (command === undefined) {
    if (focus === "approval") {
      return inApproval(unarmed, (asked) => pressInApproval(asked, key, unseen(unarmed)));
    }
    return onlyTop(unarmed);
  }
  if (command === "prefix") return onlyTop({ ...unarmed, prefix: true });
  if (command === "redraw") return onlyTop(unarmed, { do: "redraw" });
  if (command === "suspend") return onlyTop(unarmed, { do: "suspend" });
  if (focus === "confirm") return confirmed(unarmed, command === "overlay-yes");
  if (focus === "help") return inHelp(unarmed, command);
  if (focus === "approval" || focus === "form") return inPanel(unarmed, command);
  return run(unarmed, command, key);
}

function run(model: TopModel, command: Command, key: string): TopStep {
  const session = selectedOf(model);
  switch (command) {
    case "top-quit":
    case "detach":
      return onlyTop({ ...model, left: true }, { do: "quit" });
    case "top-attach":
      if (session === undefined) return onlyTop(model);
      if (model.away) return onlyTop(noticedTop(model, "the daemon is away", "warning"));
      return onlyTop({ ...model, left: true }, { do: "attach", session: session.id });
    case "top-sort": {
      const sort = nextSort(model.sort);
      return onlyTop(noticedTop({ ...model, sort }, `sorted by ${sort}`));
    }
    case "help":
      return onlyTop({ ...model, dialog: { kind: "help", row: 0 } });
    case "interrupt":
      return askInterrupt(model);
    case "approval-focus":
      return answer(model);
    case "session-number":
      return select(
        model,
        rowsOf(model).findIndex(({ number }) => String(number) === key),
      );
    default: {
      const by = distance(command, rowsInView(model));
      if (by === undefined) return onlyTop(model);
      const rows = rowsOf(model);
      const place = rows.findIndex((row) => row.session.id === model.selected);
      return select(model, Math.max(0, Math.min(rows.length - 1, place + by)));
    }
  }
}

function select(model: TopModel, place: number): TopStep {
  const row = rowsOf(model)[place];
  if (row === undefined || row.session.id === model.selected) return onlyTop(model);
  return wantAsked({ ...model, selected: row.session.id, asked: null });
}

/** The selected one's prompt gets the keyboard; where none waits, one that has a prompt is shown. */
function answer(model: TopModel): TopStep {
  if (selectedOf(model)?.waiting.length) {
    if (model.asked !== null) return inApproval(model, focusApproval);
    return onlyTop(noticedTop(model, "asking the daemon what waits…"));
  }
  const place = rowsOf(model).findIndex(({ session }) => session.waiting.length > 0);
  if (place === -1) return onlyTop(noticedTop(model, "nothing waits for an answer"));
  return select(model, place);
}

/** A step of the attachment's code, on what waits in the selected session. */
function inApproval(model: TopModel, step: (asked: Model) => Step): TopStep {
  if (model.asked === null) return onlyTop(model);
  const { now, size } = model;
  const session = model.asked.transcript.session?.id ?? "";
  const result = step({ ...model.asked, now, size, notice: null });
  const { notice } = result.model;
  let asked: Model = { ...result.model, notice: null };
  const effects: TopEffect[] = [];
  for (const effect of result.effects) {
    if (effect.do !== "answer") continue;
    asked = answered(asked, effect.id, now);
    effects.push({ do: "answer", session, id: effect.id, answer: effect.answer });
  }
  return onlyTop({ ...model, asked, notice }, ...effects);
}

function inPanel(model: TopModel, command: Command): TopStep {
  if (command === "approval-leave") {
    return inApproval(model, (asked) => ({ model: { ...asked, dialog: null }, effects: [] }));
  }
  if (command === "form-submit" || command === "backspace" || command === "kill-to-start") {
    return inApproval(model, (asked) => pressInApproval(asked, command, unseen(model)));
  }
  const panel = panelOf(model);
  const by = distance(command, Math.max(1, (panel?.bodyRows ?? 1) - 1));
  if (by === undefined) return onlyTop(model);
  const moved = inApproval(model, (asked) => {
    const { dialog } = asked;
    if (dialog?.kind !== "approval") return { model: asked, effects: [] };
    const max = panel?.rowMax ?? 0;
    const row = Math.max(0, Math.min(max, Math.min(dialog.row, max) + by));
    return { model: { ...asked, dialog: { ...dialog, row } }, effects: [] };
  });
  const now = panelOf(moved.model);
  if (now === null) return moved;
  return inApproval(moved.model, (asked) => ({ model: withSeen(asked, now), effects: [] }));
}

/** How many rows of what is asked were not in view yet. */
function unseen(model: TopModel): number {
  return panelOf(model)?.unseen ?? 0;
}

function inHelp(model: TopModel, command: Command): TopStep {
  const { dialog } = model;
  if (dialog?.kind !== "help" || command === "help") {
    return onlyTop({ ...model, dialog: null, asked: seenAnew(model) });
  }
  const by = distance(command, Math.max(1, model.size.rows - 3));
  if (by === undefined) return onlyTop(model);
  const row = Math.max(0, Math.min(helpRowMaxOf(model), dialog.row + by));
  return onlyTop({ ...model, dialog: { ...dialog, row } });
}

/** A prompt that was under the help is as new to the eye as one that has just come. */
function seenAnew({ asked, now }: TopModel): TopModel["asked"] {
  return asked?.shown ? { ...asked, shown: { ...asked.shown, at: now } } : asked;
}

function askInterrupt(model: TopModel): TopStep {
  const session = selectedOf(model);
  if (session === undefined) return onlyTop(model);
  if (model.readOnly) return onlyTop(noticedTop(model, "read-only", "warning"));
  const { id, name, state } = session;
  if (state !== "working" && state !== "needs-approval") {
    return onlyTop(noticedTop(model, `no turn runs in ${name}`));
  }
  return onlyTop({ ...model, dialog: { kind: "interrupt", session: id, name, at: model.now } });
}

function confirmed(model: TopModel, yes: boolean): TopStep {
  const { dialog } = model;
  const closed = { ...model, dialog: null };
  if (!yes || dialog?.kind !== "interrupt") return onlyTop(closed);
  // The question has the row of the notices; that it stays says enough.
  if (isNew(dialog.at, model.now)) return onlyTop(model);
  const said = noticedTop(closed, `interrupting ${dialog.name}…`);
  return onlyTop(said, { do: "interrupt", session: dialog.session });
}

function distance(command: Command, page: number): number | undefined {
  const rows: Partial<Record<Command, number>> = {
    "row-up": -1,
    "row-down": 1,
    "wheel-up": -1,
    "wheel-down": 1,
    "page-up": -page,
    "page-down": page,
    "to-start": Number.MIN_SAFE_INTEGER,
    "to-end": Number.MAX_SAFE_INTEGER,
  };
  return rows[command];
}
