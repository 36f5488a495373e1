/**
 * What a peer says, before any of it is used: its shape, its bounds, and its names as they are
 * seen from here. A peer is an outsider, so what breaks a shape is `peer-invalid`, and what it
 * calls a session is only ever a name behind its own.
 */
import * as v from "valibot";
import { addressLengthMax, checkAddress, hopsMax, quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { Method, Result } from "../../protocol/methods.ts";
import { SEND_MODES, SESSION_STATES, type SessionInfo } from "../../protocol/session.ts";

const word = v.pipe(v.string(), v.maxLength(4096));
const text = v.string();
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const time = v.pipe(v.string(), v.isoTimestamp(), v.maxLength(32));
export const object = v.custom<JsonObject>(isObject, "must be an object");
const address = v.pipe(v.string(), v.maxLength(addressLengthMax), v.check(isAddress, "is no name"));
/** Of what is not dated: when this daemon began, so that a list is the same from look to look. */
const undated = new Date().toISOString();
const orNull = <T extends v.GenericSchema>(schema: T) => v.nullable(schema);

const actor = v.looseObject({
  kind: word,
  user: word,
  from: word,
  via: v.optional(v.pipe(v.array(word), v.maxLength(hopsMax + 1))),
});
const content = v.looseObject({ text, images: v.optional(v.array(word)) });
/**
 * What another version leaves out is filled in here, so that whoever lists, counts or draws a
 * session finds every member. Without a name, an id and a state it is no session.
 */
const infoMembers = {
  name: address,
  id: address,
  state: v.picklist(SESSION_STATES),
  cwd: v.optional(word, ""),
  model: v.optional(orNull(word), null),
  provider: v.optional(orNull(word), null),
  threadId: v.optional(orNull(word), null),
  agentPid: v.optional(orNull(count), null),
  clients: v.optional(count, 0),
  approvals: v.optional(count, 0),
  queued: v.optional(count, 0),
  seq: v.optional(count, 0),
  createdAt: v.optional(time, undated),
  activeAt: v.optional(time, undated),
  peer: v.optional(orNull(address), null),
  place: v.optional(count),
  unreachableSince: v.optional(time),
  stalledSince: v.optional(time),
  frozenSince: v.optional(time),
  labels: v.optional(v.record(word, word), () => ({})),
};
const info = v.looseObject(infoMembers);
const receipt = v.looseObject({
  session: address,
  messageId: word,
  status: v.picklist(["stored", "accepted", "delivered", "finished", "failed", "cancelled"]),
  mode: v.picklist(SEND_MODES),
  seq: count,
  turnId: orNull(word),
  turnStatus: orNull(v.picklist(["completed", "interrupted", "failed"])),
  text: orNull(text),
  error: orNull(text),
  usage: orNull(object),
  createdAt: time,
  frozenSince: v.optional(time),
});
const openMessage = v.looseObject({ ...receipt.entries, content, by: actor });
const approvalMembers = {
  id: word,
  session: v.pipe(v.string(), v.maxLength(addressLengthMax)),
  kind: word,
  command: orNull(text),
  cwd: orNull(word),
  reason: orNull(text),
  changes: v.optional(v.array(object)),
  unknown: v.optional(text),
  decisions: v.array(v.looseObject({ id: word, label: text })),
  createdAt: time,
};
const approval = v.looseObject(approvalMembers);
const approvalDetail = v.looseObject({ ...approvalMembers, method: word, params: object });
const detail = v.looseObject({
  ...infoMembers,
  spec: v.looseObject({ cwd: word, overrides: v.optional(v.array(text)) }),
  user: v.optional(orNull(word)),
  codexSocket: orNull(word),
  codexVersion: orNull(word),
  turn: orNull(v.looseObject({ id: word, startedAt: time })),
  messages: v.array(receipt),
  attached: v.array(
    v.looseObject({
      ...actor.entries,
      readOnly: v.boolean(),
      since: time,
      you: v.optional(v.boolean()),
    }),
  ),
  crash: orNull(v.looseObject({ reason: text, at: time, retryAt: orNull(time) })),
  usage: orNull(object),
  limits: v.looseObject({
    idleTimeoutMs: orNull(count),
    ttlMs: orNull(count),
    maxTurnTimeMs: orNull(count),
    maxQueued: count,
  }),
  endsAt: orNull(time),
  sleepsInMs: orNull(count),
});
const record = v.looseObject({ seq: count, at: time, session: word, method: word, params: object });
const composed = v.looseObject({ text, revision: count });
const session = v.object({ session: info });

/**
 * What each method's result looks like, and no member more: all of it is looked through for
 * names. A method that is not here is not asked of a peer.
 */
const results = {
  "session/new": v.object({ session: info, receipt: orNull(receipt) }),
  "session/show": v.object({ session: detail }),
  "session/attach": v.object({
    session: info,
    head: count,
    approvals: v.array(approvalDetail),
    messages: v.array(openMessage),
    composed,
  }),
  "session/detach": v.object({}),
  "session/history": v.object({ records: v.array(record), head: count }),
  "session/send": v.object(receipt.entries),
  "session/compose": v.object({ revision: count }),
  "session/withdraw": v.object({ receipt, content }),
  "session/receipt": v.object(receipt.entries),
  "session/approvals": v.object({ approvals: v.array(approvalDetail) }),
  "session/answer": v.object({ approval, decision: word }),
  "session/interrupt": v.object({ turnId: word }),
  "session/sleep": session,
  "session/wake": session,
  "session/restart": session,
  "session/panic": v.object({
    session: info,
    killed: count,
    left: v.array(v.looseObject({ pid: count, command: text })),
  }),
  "session/kill": v.object({ session: info, cancelled: count }),
  "session/remove": v.object({ records: count, pending: v.optional(v.boolean()) }),
  "session/rename": session,
  "session/fork": session,
  "session/call": v.custom<Json>((value) => value !== undefined),
  "peer/sessions": v.object({
    sessions: v.array(v.object({ via: v.pipe(v.array(word), v.minLength(1)), session: info })),
  }),
} satisfies Partial<Record<Method, v.GenericSchema>>;

export type ForwardedMethod = keyof typeof results;

export function isForwarded(method: Method): method is ForwardedMethod {
  return Object.hasOwn(results, method);
}

export function readResult<M extends ForwardedMethod>(
  peer: string,
  method: M,
  result: unknown,
): Result<M> {
  const read = check(peer, results[method], result) as Result<M>;
  // codex's own answer has no names of ours in it.
  return method === "session/call" ? read : (seenFromHere(peer, read as JsonObject) as Result<M>);
}

export function readSessions(peer: string, result: unknown): Result<"peer/sessions">["sessions"] {
  const { sessions } = check(peer, results["peer/sessions"], result);
  return sessions.map(({ via, session: one }) => ({
    via,
    session: behind(peer, one as SessionInfo),
  }));
}

/** A session of a peer, as it is called here. */
export function behind(peer: string, one: SessionInfo): SessionInfo {
  const path = one.peer === null ? peer : `${peer}/${one.peer}`;
  // A socket of another machine is none here.
  const socket = "codexSocket" in one ? { codexSocket: null } : {};
  return { ...one, ...socket, name: `${peer}/${one.name}`, id: `${peer}/${one.id}`, peer: path };
}

/** The params of events and records of ours that clients rely on. */
const own: Record<string, v.GenericSchema> = {
  "session/created": v.looseObject({ spec: v.looseObject({ cwd: word }), by: actor, origin: word }),
  "session/message": v.looseObject({
    id: word,
    status: word,
    mode: word,
    content: v.optional(content),
    by: v.optional(actor),
    turnId: v.optional(word),
    turnStatus: v.optional(word),
    text: v.optional(orNull(text)),
    error: v.optional(orNull(text)),
    usage: v.optional(orNull(object)),
  }),
  "session/approval": v.variant("status", [
    v.looseObject({ status: v.literal("requested"), approval: approvalDetail }),
    v.looseObject({
      status: v.literal("answered"),
      id: word,
      kind: word,
      decision: word,
      by: actor,
      command: orNull(text),
    }),
    v.looseObject({ status: v.literal("lost"), id: word, kind: word, reason: text }),
  ]),
  "session/agent": v.looseObject({
    status: word,
    pid: orNull(count),
    codexVersion: orNull(word),
    threadId: orNull(word),
    model: orNull(word),
    reason: v.optional(text),
  }),
  "session/cut": v.looseObject({ threadId: word, turnId: word, item: object }),
  "session/gap": v.looseObject({ reason: text, since: word, recovered: count }),
  "session/lost": v.looseObject({ reason: text, after: count, since: time }),
  "session/trimmed": v.looseObject({ records: count, until: time }),
  "session/interrupted": v.looseObject({ turnId: word, by: actor, reason: v.optional(text) }),
  "session/renamed": v.looseObject({ from: address, to: address, by: actor }),
  "session/ended": v.looseObject({ by: actor, reason: v.optional(text) }),
  "session/state": session,
  "session/draft": v.looseObject({
    threadId: word,
    turnId: word,
    itemId: word,
    item: orNull(object),
    fields: v.record(v.string(), v.looseObject({ from: count, text, partial: v.boolean() })),
  }),
  "session/live": v.looseObject({ seq: count }),
  "session/composed": v.looseObject({ text, revision: count, by: v.optional(actor) }),
};

/**
 * Params of ours with their names as they are here; codex's own as they are, whatever their shape:
 * every daemon keeps what its codex said, and every client reads it.
 */
export function readParams(peer: string, method: string, params: JsonObject): JsonObject {
  const schema = Object.hasOwn(own, method) ? own[method] : undefined;
  if (schema === undefined) return params;
  return eventSeenFromHere(peer, method, check(peer, schema, params) as JsonObject);
}

/** A result with every session named as it is here; the shapes above say where they are. */
function seenFromHere(peer: string, value: JsonObject): JsonObject {
  const seen: JsonObject = { ...value };
  if (isObject(seen.session)) seen.session = behindDeep(peer, seen.session) as unknown as Json;
  else if (typeof seen.session === "string") seen.session = `${peer}/${seen.session}`;
  if (isObject(seen.receipt)) seen.receipt = named(peer, seen.receipt);
  if (isObject(seen.approval)) seen.approval = named(peer, seen.approval);
  for (const member of ["approvals", "messages"] as const) {
    const list = seen[member];
    if (Array.isArray(list)) seen[member] = list.map((one) => named(peer, one));
  }
  if (Array.isArray(seen.records)) {
    seen.records = seen.records.map((one) => {
      const { method, params } = one as { method: string; params: JsonObject };
      return { ...named(peer, one), params: readParams(peer, method, params) };
    });
  }
  return seen;
}

function eventSeenFromHere(peer: string, method: string, params: JsonObject): JsonObject {
  switch (method) {
    case "session/state":
      return { ...params, session: behindDeep(peer, params.session as JsonObject) as never };
    case "session/renamed":
      return { ...params, from: `${peer}/${params.from}`, to: `${peer}/${params.to}` };
    case "session/approval":
      return isObject(params.approval) && params.status === "requested"
        ? { ...params, approval: named(peer, params.approval) }
        : params;
    default:
      return params;
  }
}

function named(peer: string, one: unknown): JsonObject {
  return { ...(one as JsonObject), session: `${peer}/${(one as JsonObject).session}` };
}

function behindDeep(peer: string, one: JsonObject): SessionInfo {
  const moved = behind(peer, one as unknown as SessionInfo) as SessionInfo & { messages?: Json };
  if (!Array.isArray(moved.messages)) return moved;
  const messages = moved.messages.map((message) => named(peer, message));
  return { ...moved, messages } as SessionInfo;
}

/** Throws `peer-invalid` for what has not the shape. */
export function check<S extends v.GenericSchema>(
  peer: string,
  schema: S,
  value: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw invalid(peer, `${v.getDotPath(issue) ?? "it"}: ${issue.message.slice(0, 200)}`);
}

function invalid(peer: string, why: string): HacsError {
  return new HacsError(
    "peer-invalid",
    `What the peer ${quote(peer)} says is not in the protocol: ${why}.`,
    "Look at which versions the two have: hacs-session daemon status",
  );
}

function isAddress(value: string): boolean {
  try {
    checkAddress(value);
    return true;
  } catch {
    return false;
  }
}
