/**
 * What a key does. The rule for approvals: a prompt appears by itself and takes no key. Tab or
 * `Ctrl-b a` gives it the keyboard, and not before it has been on the screen for a moment; then
 * each decision has one key and Enter is none of them. When it is answered, by whomever, the
 * keyboard goes back to the composer, and the next prompt has to be given it anew. So nothing
 * that is being typed, or was meant for another prompt, answers anything.
 */

import { visible } from "../protocol/address.ts";
import { withPromptInView, withSeen } from "./approvals/in-view.ts";
import {
  focusApproval,
  pasteInForm,
  pressInApproval,
  typeInForm,
} from "./approvals/press-approval.ts";
import { chipOf, droppedImage, eraseBack } from "./composer/chips.ts";
import { wantCandidates } from "./composer/completion.ts";
import * as edit from "./composer/composer.ts";
import { toggleEnterMode } from "./composer/enter-mode.ts";
import { cleared, past } from "./composer/past.ts";
import { pressInCompletion } from "./composer/press-completion.ts";
import { lastWritten } from "./composer/queue-panel.ts";
import { interrupt, submit } from "./composer/submit.ts";
import { choose, pressInChoices } from "./controls/run-control.ts";
import { type Command, commandFor, type Focus, keyName, prefixKey } from "./keymap.ts";
import { layoutOf } from "./layout.ts";
import { isBusy, type Model, noticed, only, type Step } from "./model.ts";
import { paneOrderOf } from "./panes/order.ts";
import { helpRowMax } from "./screen.ts";
import { overlayOf } from "./sessions/overlay.ts";
import { editOverlay, fieldAt, pressOverlay, typeInOverlay } from "./sessions/press-overlay.ts";
import { isSessionCommand, pressSessions } from "./sessions/press-sessions.ts";
import type { Stroke } from "./terminal/keystrokes.ts";
import { graphemes } from "./text/lines.ts";
import { blocksOf } from "./transcript/blocks.ts";
import { wantEarlier } from "./transcript/earlier.ts";
import {
  editSearch,
  pressInReading,
  toEnd,
  toggleExpanded,
  typeInSearch,
} from "./transcript/press-reading.ts";
import { type Anchor, type Blocks, reveal, scroll, toStart } from "./transcript/viewport.ts";
import { wantLater } from "./transcript/window.ts";

export function focusOf(model: Model): Focus {
  if (model.prefix) return "prefix";
  if (model.dialog?.kind === "help" || model.dialog?.kind === "page") return "help";
  if (model.dialog?.kind === "choose") return "choose";
  if (model.dialog?.kind === "approval") return model.dialog.form === null ? "approval" : "form";
  const overlay = overlayOf(model);
  if (overlay !== null) return overlay.kind;
  if (model.search !== null && model.search.typing !== null) return "search";
  if (model.readOnly) return "watching";
  return model.reading ? "reading" : "composer";
}

/** `newId` names a message that is sent: it stays the same however often it is tried. */
export function press(model: Model, stroke: Stroke, newId: () => string): Step {
  return seen(wantCandidates(pressed(model, stroke, newId)));
}

/** A key may have opened what covers a prompt, or closed it. */
function seen({ model, effects }: Step): Step {
  return { model: withPromptInView(model), effects };
}

function pressed(given: Model, stroke: Stroke, newId: () => string): Step {
  const model = { ...given, notice: null };
  if (clears(given, stroke)) return only(cleared(model));
  if ("key" in stroke) return pressKey(model, stroke.key, newId);
  const focus = focusOf(model);
  if (focus === "composer") {
    return only({ ...model, composer: edit.insert(model.composer, stroke.text) });
  }
  const overlay = overlayOf(model);
  if (overlay !== null && (focus === "prompt" || focus === "new")) {
    return typeInOverlay(model, overlay, stroke.text);
  }
  // A run of text may have crossed the line as one; where keys are commands each counts.
  if (focus === "search") return only(typeInSearch(model, stroke.text));
  const [first = "", ...rest] = graphemes(stroke.text);
  const step =
    focus === "form" ? typeInForm(model, first, unseen(model)) : pressKey(model, first, newId);
  if (rest.length === 0) return step;
  const next = press(step.model, { text: rest.join("") }, newId);
  return { model: next.model, effects: [...step.effects, ...next.effects] };
}

/** Escape, where the screen says that it clears. */
function clears({ notice }: Model, stroke: Stroke): boolean {
  return notice?.about === "clearing" && "key" in stroke && stroke.key === "escape";
}

export function paste(model: Model, text: string): Step {
  const focus = focusOf(model);
  const clean = edit.pasted(text);
  if (focus === "form") return pasteInForm(model, clean.replaceAll("\n", " "));
  const overlay = overlayOf(model);
  if (overlay !== null && (focus === "prompt" || focus === "new")) {
    return typeInOverlay(model, overlay, clean);
  }
  if (focus === "search") return only(typeInSearch(model, clean.replaceAll("\n", " ")));
  if (focus !== "composer") return only(noticed(model, "nothing takes a paste here"));
  const image = droppedImage(clean);
  const added = image === null ? clean : `${chipOf(image)} `;
  return seen(wantCandidates(only({ ...model, composer: edit.insert(model.composer, added) })));
}

function pressKey(model: Model, key: string, newId: () => string): Step {
  const focus = focusOf(model);
  const completed = focus === "composer" ? pressInCompletion(model, key) : null;
  if (completed !== null) return completed;
  const answered = focus === "choose" ? pressInChoices(model, key) : null;
  if (answered !== null) return answered;
  const command = commandFor(focus, key, model.around.prefix);
  const unarmed = focus === "prefix" ? { ...model, prefix: false } : model;
  if (command === undefined) {
    if (focus === "approval") return pressInApproval(unarmed, key, unseen(unarmed));
    if (focus === "prefix") return only(noticed(unarmed, noSuchKey(model, key), "warning"));
    return only(unarmed);
  }
  const overlay = focus === "prefix" ? null : overlayOf(unarmed);
  if (overlay !== null && command !== "prefix" && command !== "redraw") {
    const editing = edits[command];
    const edited = editing && editOverlay(overlay, editing);
    const moves = overlay.kind === "new" && fieldAt(overlay) === "sandbox";
    if (edited !== undefined && !moves) return only({ ...unarmed, dialog: edited });
    return pressOverlay(unarmed, overlay, command, key);
  }
  const order = paneOrderOf(command);
  if (order !== undefined) return only(unarmed, { do: "pane", order });
  if (isSessionCommand(command)) return pressSessions(unarmed, command, key);
  return run(unarmed, command, newId);
}

/** How many rows of what is asked were not in view yet. */
function unseen(model: Model): number {
  return layoutOf(model).approval?.unseen ?? 0;
}

function run(model: Model, command: Command, newId: () => string): Step {
  const editing = edits[command];
  if (editing !== undefined && model.search?.typing != null)
    return only(editSearch(model, command));
  if (isEmptyEnd(model, command))
    return move(model, command === "line-end" ? "to-end" : "to-start");
  if (editing !== undefined && model.dialog === null) {
    return only({ ...model, composer: editing(model.composer) });
  }
  switch (command) {
    case "prefix":
      return only({ ...model, prefix: true });
    case "prefix-cancel":
      return only(model);
    case "detach":
      return only(model, { do: "detach" });
    case "redraw":
      return only(model, { do: "redraw" });
    case "suspend":
      return only(model, { do: "suspend" });
    case "expand":
      return toggleExpanded(model);
    case "help":
      return only({
        ...model,
        dialog: focusOf(model) === "help" ? null : { kind: "help", row: 0 },
      });
    case "reading":
      return only({ ...model, reading: true });
    case "send": {
      const composer = edit.continued(model.composer);
      return composer === null ? submit(model, newId) : only({ ...model, composer });
    }
    case "choose":
      return choose(model);
    case "edit":
      return only({ ...model, editing: true });
    case "interrupt":
      return leaveOrInterrupt(model);
    case "clear":
      if (model.composer.text === "") {
        return only(noticed(model, `${prefixName(model)} d detaches, Esc interrupts`));
      }
      return only(cleared(model));
    case "up":
      if (model.composer.text === "") {
        const queued = model.composer.recalled === null ? lastWritten(model) : undefined;
        if (queued !== undefined) return only(model, { do: "withdraw", id: queued.id });
      }
      return only({ ...model, composer: vertical(model, command) });
    case "down":
      return only({ ...model, composer: vertical(model, command) });
    case "approval-focus":
      if (model.transcript.turn !== null && model.transcript.approvals.length === 0) {
        return toggleEnterMode(model);
      }
      return focusApproval(model);
    case "approval-leave":
      return only({ ...model, dialog: null });
    case "form-submit":
    case "backspace":
    case "kill-to-start":
      return pressInApproval(model, command, unseen(model));
    default:
      return pressInReading(model, command) ?? move(model, command);
  }
}

/** In an empty composer Home and End have no line to move in, and move through the transcript. */
function isEmptyEnd({ composer, dialog }: Model, command: Command): boolean {
  return (command === "line-start" || command === "line-end") && composer.text === "" && !dialog;
}

const edits: Partial<Record<Command, (composer: edit.Composer) => edit.Composer>> = {
  newline: (composer) => edit.insert(composer, "\n"),
  left: edit.left,
  right: edit.right,
  "word-left": edit.wordLeft,
  "word-right": edit.wordRight,
  "line-start": edit.lineStart,
  "line-end": edit.lineEnd,
  backspace: eraseBack,
  delete: edit.remove,
  "kill-word": edit.killWord,
  "kill-to-start": edit.killToStart,
  "kill-to-end": edit.killToEnd,
};

/** Up and Down move within the text; at its ends, or in an empty one, through what was sent. */
function vertical(model: Model, command: "up" | "down"): edit.Composer {
  const { composer } = model;
  const moved = command === "up" ? edit.up(composer) : edit.down(composer);
  if (moved !== null && composer.recalled === null) return moved;
  if (composer.text !== "" && composer.recalled === null) return composer;
  return edit.recall(composer, past(model), command === "up" ? 1 : -1);
}

function noSuchKey({ around }: Model, key: string): string {
  const help = prefixKey("help", around.prefix);
  return `${keyName(around.prefix)} ${visible(keyName(key))}: no such key; ${help} lists them`;
}

function prefixName({ around }: Model): string {
  return keyName(around.prefix);
}

/** Back to the end first, when scrolled up; then it interrupts; with no turn, twice clears. */
function leaveOrInterrupt(model: Model): Step {
  if (model.search?.seeking || model.anchor !== null) return toEnd(model);
  if (isBusy(model) || model.composer.text === "") return interrupt(model);
  return only(noticed(model, "Esc again clears; Up brings it back", "info", "clearing"));
}

function move(model: Model, command: Command): Step {
  const { dialog } = model;
  const { transcriptRows, panel } = layoutOf(model);
  const height = Math.max(1, transcriptRows);
  if (dialog !== null && "row" in dialog) {
    const whole = dialog.kind === "help" || dialog.kind === "page";
    const page = whole ? height : Math.max(1, panel?.bodyRows ?? 1);
    const max = whole ? helpRowMax(model) : (panel?.rowMax ?? 0);
    const by = distance(command, Math.max(1, page - 1));
    const row = Math.max(0, Math.min(max, Math.min(dialog.row, max) + by));
    const moved = { ...model, dialog: { ...dialog, row } };
    const { approval } = layoutOf(moved);
    return only(approval === null ? moved : withSeen(moved, approval));
  }
  if (command === "to-end") return toEnd(model);
  if (command === "to-start" && model.earlier !== "none" && (model.oldest ?? 1) > 1) {
    return only(noticed(model, "going to the start…"), { do: "jump", to: "start" });
  }
  const blocks = blocksOf(model);
  const anchor =
    command === "to-start"
      ? toStart(blocks, height)
      : scroll(blocks, model.anchor, height, distance(command, Math.max(1, height - 2)));
  const moved = { ...model, anchor: anchor ?? heldEnd(model, blocks, height) };
  if (command.endsWith("-up") || command === "to-start") return wantEarlier(moved);
  return wantLater(moved);
}

/** Where what is held ends before the history does, nobody follows the end: one waits for more. */
function heldEnd(model: Model, blocks: Blocks, height: number): Anchor {
  if (model.anchor === null || model.newer === null) return null;
  return reveal(blocks, { index: blocks.count - 1, row: 0 }, height);
}

/** What terminals move by themselves for one notch. */
const wheelRows = 3;

function distance(command: Command, page: number): number {
  const rows: Partial<Record<Command, number>> = {
    "row-up": -1,
    "row-down": 1,
    "wheel-up": -wheelRows,
    "wheel-down": wheelRows,
    "page-up": -page,
    "page-down": page,
    "to-start": Number.MIN_SAFE_INTEGER,
    "to-end": Number.MAX_SAFE_INTEGER,
  };
  return rows[command] ?? 0;
}
