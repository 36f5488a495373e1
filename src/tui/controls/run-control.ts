/** What a control's command does: a call to codex, a list to choose from, a text to read. Pure. */
import type { JsonObject } from "../../protocol/messages.ts";
import { isNew, toldNew } from "../approvals/in-view.ts";
import { type Choice, type ChooseDialog, type Model, noticed, only, type Step } from "../model.ts";
import type { Control } from "./controls.ts";

const lists: Partial<Record<Control, string>> = {
  "/model": "Model",
  "/effort": "Reasoning effort",
  "/permissions": "Permissions",
  "/undo": "Forget the last turn?",
};

const pages: Partial<Record<Control, string>> = {
  "/diff": "Changes",
  "/who": "Attached",
  "/status": "Status",
  "/mcp": "MCP servers",
  "/skills": "Skills",
  "/goal": "Goal",
};

export function runControl(model: Model, control: Control, rest: string): Step {
  const given = rest === "" ? null : callFor(control, rest);
  if (given !== null) {
    const { method, params, said } = given;
    return only(noticed(model, "asking codex…"), { do: "call", method, params, said });
  }
  const effect = { do: "control", control, rest } as const;
  const list = lists[control];
  if (list !== undefined) {
    return only(
      withDialog(model, { kind: "choose", title: list, choices: null, row: 0, at: model.now }),
      effect,
    );
  }
  const page = pages[control];
  if (page !== undefined) {
    return only(withDialog(model, { kind: "page", title: page, lines: null, row: 0 }), effect);
  }
  switch (control) {
    case "/compact":
      return only(noticed(model, "compacting…"), {
        do: "call",
        method: "thread/compact/start",
        params: {},
        said: "compacting…",
      });
    case "/review": {
      const target = { type: "uncommittedChanges" };
      const call = { do: "call", method: "review/start", said: "reviewing the changes" } as const;
      return only(noticed(model, "asking codex…"), { ...call, params: { target } });
    }
    case "/unsend":
      return unsend(model);
    case "/edit":
      return only({ ...model, editing: true });
    default:
      return only(model, effect);
  }
}

/** What needs no list, since it was said. */
function callFor(
  control: Control,
  rest: string,
): { method: string; params: JsonObject; said: string } | null {
  const settings = "thread/settings/update";
  switch (control) {
    case "/model":
      return { method: settings, params: { model: rest }, said: `model: ${rest}` };
    case "/effort":
      return { method: settings, params: { effort: rest }, said: `effort: ${rest}` };
    case "/review":
      return { method: "review/start", params: { target: targetOf(rest) }, said: "reviewing" };
    case "/goal":
      if (rest === "clear") {
        return { method: "thread/goal/clear", params: {}, said: "the goal is dropped" };
      }
      return { method: "thread/goal/set", params: { objective: rest }, said: "the goal is set" };
    default:
      return null;
  }
}

function targetOf(rest: string): JsonObject {
  const [, what = "", name = ""] = /^(branch|commit)\s+(\S+)$/.exec(rest) ?? [];
  if (what === "branch") return { type: "baseBranch", branch: name };
  if (what === "commit") return { type: "commit", sha: name, title: null };
  return { type: "custom", instructions: rest };
}

function unsend(model: Model): Step {
  const { queue } = model.transcript;
  const [first] = queue;
  if (first === undefined) return only(noticed(model, "nothing is queued"));
  if (queue.length === 1) return only(model, { do: "withdraw", id: first.id });
  const choices = queue.map(
    ({ id, text, by }): Choice => ({
      label: text.split("\n")[0]?.slice(0, 200) || id,
      about: by === undefined ? "" : `by ${by.user} (${by.kind})`,
      effects: [{ do: "withdraw", id }],
    }),
  );
  const list = { kind: "choose", title: "Take back", choices, row: 0, at: model.now } as const;
  return only(withDialog(model, list));
}

/** Enter in a list. */
export function choose(model: Model): Step {
  const { dialog } = model;
  if (dialog?.kind !== "choose" || dialog.choices === null) return only(model);
  return take(model, dialog, dialog.choices[Math.min(dialog.row, dialog.choices.length - 1)]);
}

/** What is answered with a key asks something, and is seen before it is answered. */
function take(model: Model, { at }: ChooseDialog, chosen: Choice | undefined): Step {
  const effects = chosen?.effects ?? [];
  const asks = chosen?.key !== undefined && effects.length > 0;
  if (asks && isNew(at, model.now)) return only(toldNew(model));
  return { model: { ...model, dialog: null }, effects };
}

/** A letter in a list whose choices have letters: one of them, or nothing. Null: not for it. */
export function pressInChoices(model: Model, key: string): Step | null {
  const { dialog } = model;
  const choices = dialog?.kind === "choose" ? dialog.choices : null;
  if (dialog?.kind !== "choose" || !choices?.some((choice) => choice.key !== undefined))
    return null;
  const chosen = choices.find((choice) => choice.key === key);
  if (chosen !== undefined) return take(model, dialog, chosen);
  return key.length === 1 && key !== "q" ? only(model) : null;
}

/** codex answered; who left the list or the page in the meantime is not called back. */
export function listed(model: Model, control: Control, choices: readonly Choice[]): Model {
  const { dialog } = model;
  if (dialog?.kind !== "choose" || dialog.title !== lists[control]) return model;
  if (choices.length === 0) {
    const none = control === "/undo" ? "there is no turn to forget yet" : "codex lists none";
    return noticed({ ...model, dialog: null }, none);
  }
  const row = Math.max(
    0,
    choices.findIndex(({ current }) => current === true),
  );
  return { ...model, dialog: { ...dialog, choices, row, at: model.now } };
}

export function paged(model: Model, control: Control, lines: readonly string[]): Model {
  const { dialog } = model;
  if (dialog?.kind !== "page" || dialog.title !== pages[control]) return model;
  return { ...model, dialog: { ...dialog, lines } };
}

/** It could not be answered: what waits for it goes. */
export function unanswered(model: Model, control: Control): Model {
  const { dialog } = model;
  const waits =
    (dialog?.kind === "choose" && dialog.title === lists[control]) ||
    (dialog?.kind === "page" && dialog.title === pages[control]);
  return waits ? { ...model, dialog: null } : model;
}

function withDialog(model: Model, dialog: Model["dialog"]): Model {
  return { ...model, dialog, reading: false };
}
