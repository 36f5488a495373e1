/** Keys and commands that deal with sessions: which one is shown, and what becomes of one. Pure. */
import { visible } from "../../protocol/address.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { type Model, noticed, only, type Step } from "../model.ts";
import { neighbour, nextWaiting, sessionNamed } from "./around.ts";
import { type Order, readLine, shownSession } from "./order.ts";
import { chooser, newForm, type Overlay, prompt } from "./overlay.ts";

/** What the prefix's keys do here; `key` is the digit of a number. */
export function pressSessions(model: Model, command: SessionCommand, key: string): Step {
  const { around } = model;
  switch (command) {
    case "session-next":
      return show(model, neighbour(around, shownSession(model), 1));
    case "session-previous":
      return show(model, neighbour(around, shownSession(model), -1));
    case "session-waiting":
      return show(model, nextWaiting(model), "no other session waits for an approval");
    case "session-last":
      return show(
        model,
        around.sessions.find(({ id }) => id === around.last),
        "no session was shown before",
      );
    case "session-number":
      return show(model, around.sessions[Number(key)], `no session ${key}`);
    case "sessions":
      return open(model, chooser(model));
    case "session-rename":
      return askName(model, shownSession(model), model.name, false);
    case "session-kill":
      return askKill(model, shownSession(model), model.name, false);
    case "panic":
      return askPanic(model, shownSession(model), model.name);
    case "session-new":
      return mayChange(model, () => open(model, newForm(model)));
    case "command-line":
      return open(model, prompt("command", shownSession(model), { label: ":" }));
  }
}

export type SessionCommand =
  | "session-next"
  | "session-previous"
  | "session-last"
  | "session-number"
  | "sessions"
  | "session-rename"
  | "session-waiting"
  | "session-kill"
  | "panic"
  | "session-new"
  | "command-line";

const commands: readonly string[] = [
  "session-next",
  "session-previous",
  "session-last",
  "session-number",
  "sessions",
  "session-rename",
  "session-waiting",
  "session-kill",
  "panic",
  "session-new",
  "command-line",
] satisfies SessionCommand[];

export function isSessionCommand(command: string): command is SessionCommand {
  return commands.includes(command);
}

/** A line of the command line's verbs, from `Ctrl-b :` or a slash command. */
export function carryOut(model: Model, line: string): Step {
  const meant = readLine(model, line);
  switch (meant.kind) {
    case "attach":
      return show(model, sessionNamed(model.around, meant.id));
    case "pane":
      return only(model, { do: "pane", order: meant.order });
    case "detach":
      return only(model, { do: "detach" });
    case "ls":
      return open(model, chooser(model));
    case "top": {
      const unsent = model.outbox.length;
      if (unsent === 0) return only(model, { do: "top" });
      return only(noticed(model, `${unsent} not sent yet`, "warning"));
    }
    case "help":
      return only({ ...model, dialog: { kind: "help", row: 0 } });
    case "form":
      return pressSessions(model, "session-new", "");
    case "wrong":
      return only(noticed(model, meant.why, "warning"));
    case "order":
      return ask(model, meant.order);
  }
}

/** Of what can't be taken back, and who says "all" has said it. */
function ask(model: Model, order: Order): Step {
  if (order.verb === "kill")
    return askKill(model, order.session, nameOf(model, order.session), false);
  if (order.verb !== "panic" || order.session === null) return give(model, order);
  return askPanic(model, order.session, nameOf(model, order.session));
}

export function show(model: Model, session: SessionInfo | undefined, why?: string): Step {
  if (session === undefined) return only(noticed(model, why ?? "there is no other session"));
  if (session.id === shownSession(model)) {
    return only(noticed({ ...model, dialog: null }, `this is ${visible(session.name)}`));
  }
  return only({ ...model, dialog: null }, { do: "show", session: session.id });
}

export function give(model: Model, order: Order): Step {
  return mayChange(model, () => only(model, { do: "order", order }));
}

export function askKill(model: Model, session: string, name: string, back: boolean): Step {
  const question = `kill session ${visible(name)}? Its history stays.`;
  const order: Order = { verb: "kill", session };
  const { now: at } = model;
  const asked: Overlay = { kind: "confirm", question, at, session, order, back };
  return mayChange(model, () => open(model, asked));
}

function askPanic(model: Model, session: string, name: string): Step {
  const question = `stop all of ${visible(name)}, and freeze it?`;
  const order: Order = { verb: "panic", session };
  const { now: at } = model;
  const asked: Overlay = { kind: "confirm", question, at, session, order, back: false };
  return mayChange(model, () => open(model, asked));
}

export function askName(model: Model, session: string, name: string, back: boolean): Step {
  const asked = prompt("rename", session, { label: "rename to ", text: name, back });
  return mayChange(model, () => open(model, asked));
}

export function open(model: Model, overlay: Overlay): Step {
  return only({ ...model, dialog: overlay });
}

export function nameOf(model: Model, id: string): string {
  if (id === shownSession(model)) return model.name;
  return model.around.sessions.find((session) => session.id === id)?.name ?? id;
}

function mayChange(model: Model, step: () => Step): Step {
  if (!model.readOnly) return step();
  return only(noticed(model, "read-only: this attachment changes nothing", "warning"));
}
