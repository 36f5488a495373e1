/**
 * What codex notifies, as it is taken in. codex is another program, of any version and of any
 * user: what is not as its protocol has it follows from nothing, and is kept as it came.
 */
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { momentOf } from "../../protocol/shape.ts";
import { flat } from "./bounded.ts";

export interface Heard {
  method: string;
  params: JsonObject;
  emittedAtMs: number | undefined;
}

/** Longer ones can't be passed on to other daemons. */
export const methodCharsMax = 200;
const idCharsMax = 1_000;

/** What begins so is said by this daemon, and by nobody else. */
const ownFamily = "session/";

/** With a name that can't be taken for one of ours, a time that there is, and an end to its depth. */
export function received({ method, params, emittedAtMs }: Heard): Heard {
  const name = method.slice(0, methodCharsMax);
  return {
    method: name.startsWith(ownFamily) ? `codex/${name}` : name,
    params: flat(params),
    emittedAtMs: momentOf(emittedAtMs),
  };
}

/** Whether it has what is read of its kind; codex's other notifications are not looked into. */
export function isRegular(method: string, params: JsonObject): boolean {
  const { item, turn } = params;
  switch (method) {
    case "item/completed":
      return hasId(item) && isId(params.turnId);
    case "item/started":
      return hasId(item);
    case "turn/started":
    case "turn/completed":
      return hasId(turn);
    default:
      return true;
  }
}

/** An item or a turn that can be told from others. */
export function hasId(value: unknown): value is JsonObject & { id: string } {
  return isObject(value) && isId(value.id);
}

function isId(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.length <= idCharsMax;
}
