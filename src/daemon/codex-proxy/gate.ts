/**
 * What becomes of a request that a client of codex's own protocol makes: pure, from what the
 * client may do and what is known of the session. A session is one thread, so a client meets that
 * thread and what its agent holds beside it: the threads of sub-agents, and those that the client
 * began for itself and that codex does not keep.
 */
import { randomUUID } from "node:crypto";
import { includes, type Scope } from "../../protocol/access.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { beyond, kept, ruleFor } from "./codex-methods.ts";
import type { Narrowing } from "./narrowed.ts";

export interface Standing {
  scope: Scope;
  session: string;
  threadId: string;
  turnId: string | null;
  /** Whether the client has the session's thread open already. */
  joined: boolean;
  /** Whether the agent holds this thread; undefined when it has to be asked. */
  holds: (threadId: string) => boolean | undefined;
  /** Whether a message of ours has this id. */
  isOurs: (messageId: string) => boolean;
}

export type Verdict =
  /** It goes to codex, as this. */
  | {
      kind: "pass";
      method: string;
      params: JsonObject | undefined;
      narrow: Narrowing | null;
      /** What history says of it. */
      record: { method: string; messageId?: string } | null;
      /** It opens the session's thread. */
      joins: boolean;
    }
  /** The session's turn is to stop; it does that itself, and says who wanted it. */
  | { kind: "interrupt" }
  /** First it has to be known whether the agent holds this thread. */
  | { kind: "look"; threadId: string }
  | { kind: "refuse"; message: string };

const refuse = (message: string): Verdict => ({ kind: "refuse", message });

export function judge(method: string, given: JsonObject | undefined, standing: Standing): Verdict {
  const { scope } = standing;
  const rule = ruleFor(method);
  if (!includes(scope, rule.scope)) {
    return refuse(
      `${method} needs the scope ${rule.scope}; this client has ${scope}. Ask for a token made with: hacs-session token new --scope ${rule.scope}`,
    );
  }
  const admin = scope === "admin";
  const extra = admin || given === undefined ? [] : beyond(given, rule.only ?? Object.keys(given));
  if (extra.length > 0) {
    return refuse(
      `${method} with ${extra.join(", ")} needs the scope admin; this client has ${scope}.`,
    );
  }
  const params =
    admin || given === undefined || rule.keep === undefined ? given : kept(given, rule.keep);
  if (method === "initialize") return pass(method, admin ? given : modest(given), {});
  if (method === "thread/start") return begin(params, standing);
  if (method === "thread/fork") {
    return refuse(
      `A session is one thread, and its fork another session: hacs-session fork ${standing.session} NAME`,
    );
  }
  if (!admin && rule.thread === true && typeof params?.threadId !== "string")
    return refuse(`${method} names its thread with threadId.`);
  const stranger = strangeThread(method, params, standing);
  if (stranger !== undefined) return stranger;
  const own = params?.threadId === standing.threadId;
  if (own && method === "turn/interrupt" && params?.turnId === standing.turnId)
    return { kind: "interrupt" };
  const joins = own && method === "thread/resume";
  const narrow = (!admin && rule.narrow) || null;
  if (rule.scope === "observe" || rule.quiet === true || (params?.threadId !== undefined && !own))
    return pass(method, params, { narrow, joins });
  return called(method, params, standing);
}

/** Whoever begins a thread here wants the session's. */
function begin(params: JsonObject | undefined, standing: Standing): Verdict {
  const { scope, session, threadId, joined } = standing;
  if (params?.ephemeral === true) {
    if (scope !== "admin")
      return refuse(
        `A thread beside the session's needs the scope admin; this client has ${scope}.`,
      );
    return pass("thread/start", params, {});
  }
  if (joined) {
    return refuse(
      `The session "${session}" is one thread, and it is open here. Another one is another session: hacs-session new`,
    );
  }
  return pass("thread/resume", { threadId }, { joins: true });
}

/** Threads that the agent does not hold belong to other sessions, or to plain codex. */
function strangeThread(
  method: string,
  params: JsonObject | undefined,
  { scope, session, threadId, holds }: Standing,
): Verdict | undefined {
  const opens = method === "thread/resume";
  // codex would prefer these to the id.
  const named = opens && (params?.path != null || params?.history != null) ? "" : params?.threadId;
  if (named === undefined || named === null || named === threadId) return undefined;
  if (scope === "admin" && !opens) return undefined;
  const other = `This client is attached to the session "${session}", whose thread is ${threadId}`;
  if (typeof named !== "string" || named === "") return refuse(`${other}.`);
  const held = holds(named);
  if (held === undefined) return { kind: "look", threadId: named };
  if (held && (scope === "admin" || ruleFor(method).scope === "observe")) return undefined;
  return refuse(`${other}; got ${method} for ${named.slice(0, 100)}.`);
}

/** A call that is more than a look. A message gets an id, by which history knows who wrote it. */
function called(method: string, params: JsonObject | undefined, standing: Standing): Verdict {
  const speaks =
    method === "turn/start" || method === "turn/steer" || method === "thread/queue/add";
  if (!speaks) return pass(method, params, { record: { method } });
  const messageId = params?.clientUserMessageId ?? randomUUID();
  if (typeof messageId !== "string") return refuse("clientUserMessageId is a string.");
  if (standing.isOurs(messageId)) {
    return refuse(
      `A message of this session has the id ${messageId} already; an id names one message for ever.`,
    );
  }
  const named = { ...params, clientUserMessageId: messageId };
  return pass(method, named, { record: { method, messageId } });
}

function pass(
  method: string,
  params: JsonObject | undefined,
  more: Partial<Extract<Verdict, { kind: "pass" }>>,
): Verdict {
  return { kind: "pass", method, params, narrow: null, record: null, joins: false, ...more };
}

/** Some capabilities change the agent for all, or have the client sign for the user. */
const CAPABILITIES = [
  "experimentalApi",
  "extensions",
  "mcpServerOpenaiFormElicitation",
  "optOutNotificationMethods",
  "requiredHumanApproval",
];

function modest(params: JsonObject | undefined): JsonObject | undefined {
  if (params === undefined || !isObject(params.capabilities)) return params;
  const capabilities = { ...kept(params.capabilities, CAPABILITIES), requestAttestation: false };
  return { ...params, capabilities };
}
