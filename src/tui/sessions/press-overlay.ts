/** Keys while the chooser, a line to write, a question or the form of a new session is open. */
import { visible } from "../../protocol/address.ts";
import { SANDBOXES } from "../../protocol/session.ts";
import { isNew, toldNew } from "../approvals/in-view.ts";
import type { Composer } from "../composer/composer.ts";
import * as edit from "../composer/composer.ts";
import type { Command } from "../keymap.ts";
import { type Model, only, type Step } from "../model.ts";
import { withLine } from "./around.ts";
import { newOrder, VERBS } from "./order.ts";
import {
  type Chooser,
  chooser,
  type NewForm,
  newFields,
  newForm,
  type Overlay,
} from "./overlay.ts";
import { askKill, askName, carryOut, give, nameOf, open, show } from "./press-sessions.ts";

/** Edits the text that an overlay holds; undefined when it holds none. */
export function editOverlay(
  overlay: Overlay,
  editing: (text: Composer) => Composer,
): Overlay | undefined {
  if (overlay.kind === "prompt") return { ...overlay, text: oneLine(editing(overlay.text)) };
  if (overlay.kind !== "new") return undefined;
  const field = fieldAt(overlay);
  if (field === "sandbox") return overlay;
  const fields = { ...overlay.fields, [field]: oneLine(editing(overlay.fields[field])) };
  return { ...overlay, fields };
}

/** Typed or pasted text; in a field of choices a character goes to the next one. */
export function typeInOverlay(model: Model, overlay: Overlay, text: string): Step {
  if (overlay.kind === "new" && fieldAt(overlay) === "sandbox") return cycle(model, overlay, 1);
  const edited = editOverlay(overlay, (composer) => edit.insert(composer, text));
  return only(edited === undefined ? model : { ...model, dialog: edited });
}

export function pressOverlay(model: Model, overlay: Overlay, command: Command, key: string): Step {
  if (command === "overlay-leave") return leave(model, overlay);
  switch (overlay.kind) {
    case "chooser":
      return choose(model, overlay, command, key);
    case "confirm":
      if (command !== "overlay-yes") return only(model);
      if (isNew(overlay.at, model.now)) return only(toldNew(model));
      return give(left(model, overlay), overlay.order);
    case "prompt": {
      if (command === "overlay-complete" && overlay.asks === "command") {
        return only({ ...model, dialog: { ...overlay, text: completed(model, overlay.text) } });
      }
      if (overlay.asks === "command" && (command === "up" || command === "down")) {
        const past = edit.recall(overlay.text, model.around.lines, command === "up" ? 1 : -1);
        return only({ ...model, dialog: { ...overlay, text: past } });
      }
      if (command !== "overlay-enter") return only(model);
      const text = overlay.text.text.trim();
      if (text === "") return leave(model, overlay);
      const closed = left(model, overlay);
      if (overlay.asks === "command") {
        return carryOut({ ...closed, around: withLine(closed.around, text) }, text);
      }
      return give(closed, { verb: "rename", session: overlay.session, to: text });
    }
    case "new":
      return fill(model, overlay, command);
  }
}

/** Tab: the word before the cursor as far as all verbs, or session names, agree on it. */
function completed({ around }: Model, composer: Composer): Composer {
  const before = composer.text.slice(0, composer.cursor);
  const word = /\S*$/.exec(before)?.[0] ?? "";
  const candidates = before === word ? Object.keys(VERBS) : around.sessions.map(({ name }) => name);
  const fitting = candidates.filter((one) => one.startsWith(word));
  const [first = word] = fitting;
  let length = first.length;
  while (!fitting.every((one) => one.startsWith(first.slice(0, length)))) length--;
  const rest = first.slice(word.length, length);
  return edit.insert(composer, fitting.length === 1 ? `${rest} ` : rest);
}

function choose(model: Model, overlay: Chooser, command: Command, key: string): Step {
  const { sessions } = model.around;
  const selected = overlay.selected;
  const place = Math.max(
    0,
    sessions.findIndex(({ id }) => id === selected),
  );
  const select = (wanted: number): Step => {
    const next = sessions[Math.max(0, Math.min(sessions.length - 1, wanted))];
    if (next === undefined || next.id === selected) return only(model);
    return open(model, chooser(model, next.id));
  };
  switch (command) {
    case "row-up":
      return select(place - 1);
    case "row-down":
      return select(place + 1);
    case "page-up":
      return select(place - 10);
    case "page-down":
      return select(place + 10);
    case "to-start":
      return select(0);
    case "to-end":
      return select(sessions.length - 1);
    case "session-new":
      return open(model, newForm(model));
    case "session-number":
      return sessions[Number(key)] === undefined ? only(model) : show(model, sessions[Number(key)]);
    case "overlay-enter":
      return sessions[place] === undefined ? leave(model, overlay) : show(model, sessions[place]);
    case "session-rename":
    case "session-kill": {
      const session = sessions[place];
      if (session === undefined) return only(model);
      const ask = command === "session-kill" ? askKill : askName;
      return ask(model, session.id, nameOf(model, session.id), true);
    }
    default:
      return only(model);
  }
}

function fill(model: Model, form: NewForm, command: Command): Step {
  const at = (place: number) =>
    only({ ...model, dialog: { ...form, at: (place + newFields.length) % newFields.length } });
  switch (command) {
    case "row-up":
      return at(form.at - 1);
    case "row-down":
      return at(form.at + 1);
    case "left":
    case "right":
      return fieldAt(form) === "sandbox"
        ? cycle(model, form, command === "left" ? -1 : 1)
        : only(model);
    case "overlay-enter": {
      const { name, cwd, model: named, sandbox } = form.fields;
      const order = newOrder(model, {
        name: name.text.trim(),
        cwd: cwd.text,
        model: named.text.trim(),
        sandbox: sandbox.text,
      });
      return give({ ...model, dialog: null }, order);
    }
    default:
      return only(model);
  }
}

/** Empty is the first choice: what codex's own configuration says. */
export const sandboxChoices = ["", ...SANDBOXES] as const;

function cycle(model: Model, form: NewForm, step: 1 | -1): Step {
  const place = (sandboxChoices as readonly string[]).indexOf(form.fields.sandbox.text);
  const text = sandboxChoices.at((place + step) % sandboxChoices.length) ?? "";
  const fields = { ...form.fields, sandbox: edit.insert(edit.emptyComposer, text) };
  return only({ ...model, dialog: { ...form, fields } });
}

export function fieldAt({ at }: NewForm): (typeof newFields)[number] {
  return newFields[at] ?? "name";
}

function leave(model: Model, overlay: Overlay): Step {
  return only(left(model, overlay));
}

function left(model: Model, overlay: Overlay): Model {
  const back = "back" in overlay && overlay.back;
  return { ...model, dialog: back ? chooser(model, overlay.session) : null };
}

/** Names and paths have one line; what is pasted with more loses its newlines. */
function oneLine(composer: Composer): Composer {
  if (!/[\r\n\t]/.test(composer.text)) return composer;
  return { ...composer, text: composer.text.replace(/[\r\n\t]/g, " ") };
}

export function textShown({ text, cursor }: Composer, mark: string): string {
  return visible(text.slice(0, cursor)) + mark + visible(text.slice(cursor));
}
