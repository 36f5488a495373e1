/**
 * What a person is asked to allow, as far as it is known; and where it is not, that it is said, and
 * no more is offered than can be answered for. Pure, but for what `call` looks up.
 */
import type { JsonObject } from "../../protocol/messages.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { stringOf } from "../../protocol/shape.ts";
import {
  commandOf,
  decisionsFor,
  isRefusal,
  kindOf,
  onlyOnce,
  unknownIn,
  unseen,
} from "./approval-kinds.ts";

/** What was seen of the item that is asked about. */
export interface Seen {
  /** A file change's request does not say which files: its item does. */
  changes: JsonObject[];
  call: () => string | null;
}

type Asked = Pick<ApprovalDetail, "command" | "changes" | "unknown" | "decisions" | "params">;

/** The longest JSON of what is asked, in UTF-16 units: more reaches nobody. */
const charsMax = 8 * 1024 * 1024;

export function whatIsAsked(method: string, params: JsonObject, seen: Seen): Asked {
  const asked =
    kindOf(method) === "fileChange" ? aChange(method, params, seen) : another(method, params);
  const { length } = JSON.stringify(asked);
  if (length <= charsMax) return asked;
  return {
    command: null,
    unknown: `what it is: it is too large to be shown (${length} characters)`,
    decisions: asked.decisions.filter(({ id }) => isRefusal(id)),
    params: {},
  };
}

function another(method: string, params: JsonObject): Asked {
  const decisions = decisionsFor(method, params);
  const command = commandOf(method, params);
  const unknown = unknownIn(method, params);
  if (unknown === null) return { command, decisions, params };
  return { command, unknown, decisions: unseen(decisions), params };
}

function aChange(method: string, params: JsonObject, { changes, call }: Seen): Asked {
  const decisions = decisionsFor(method, params);
  if (changes.length > 0) {
    const command = changes.map(({ path }) => stringOf(path) ?? "").join("\n");
    return { command, changes, decisions, params };
  }
  const command = call();
  const why = "codex told it to no daemon that listened";
  if (command === null) {
    const unknown = `which files it changes, and how: ${why}`;
    return { command, unknown, decisions: unseen(decisions), params };
  }
  const unknown = `how codex reads it: ${why}, and this is what the model wrote`;
  return { command, unknown, decisions: onlyOnce(decisions), params };
}
