/** An event of a peer's session: read, and as it passes on. */
import * as v from "valibot";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import type { SessionEvent } from "../../protocol/records.ts";
import { check, count, object, readParams, time } from "./foreign.ts";

const envelope = v.looseObject({
  session: v.string(),
  seq: v.optional(v.pipe(count, v.minValue(1))),
  at: time,
  method: v.pipe(v.string(), v.maxLength(256)),
  params: object,
  offset: v.optional(count),
});

/** An event as it passes. */
export interface ForeignEvent extends SessionEvent {
  /** All that follows the session's id in its JSON; where nothing is named in it, as it was written. */
  tail: string;
}

// How daemons of ours begin an event; the params are then the rest, less two braces.
const eventHead =
  /^\{"jsonrpc":"2\.0","method":"session\/event","params":\{"session":"([A-Za-z0-9._/-]+)",(?:"seq":([1-9]\d{0,14}),)?(?:"offset":(\d{1,15}),)?"at":"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z)","method":"([A-Za-z0-9/_.-]{1,256})","params":/;
const sessionAt = '{"jsonrpc":"2.0","method":"session/event","params":{"session":"'.length;

/**
 * Reads an event from its frame without taking all of it apart, which is half of what it costs to
 * pass one on. Undefined when it is written in another way, or is one of ours.
 */
export function readFrame(frame: string): ForeignEvent | undefined {
  const head = eventHead.exec(frame);
  if (head === null || !frame.endsWith("}}")) return undefined;
  const [whole, session = "", seq, offset, at = "", method = ""] = head;
  if (method.startsWith("session/")) return undefined;
  let params: unknown;
  try {
    // By itself it is JSON, so nothing in it reaches beyond it.
    params = JSON.parse(frame.slice(whole.length, -2));
  } catch {
    return undefined;
  }
  if (!isObject(params)) return undefined;
  const tail = frame.slice(sessionAt + session.length + 2, -1);
  const event: ForeignEvent = { session, at, method, params, tail };
  if (seq !== undefined) event.seq = Number(seq);
  if (offset !== undefined) event.offset = Number(offset);
  return event;
}

/** Deltas come by the thousand, and are looked at without a schema. */
export function readEvent(peer: string, value: JsonObject): ForeignEvent {
  const { session: id, seq, at, method, params, offset } = value;
  const isPlain =
    typeof id === "string" &&
    typeof at === "string" &&
    at.length <= 32 &&
    !Number.isNaN(Date.parse(at)) &&
    typeof method === "string" &&
    method.length <= 256 &&
    isObject(params) &&
    (seq === undefined || (Number.isSafeInteger(seq) && (seq as number) > 0)) &&
    (offset === undefined || (Number.isSafeInteger(offset) && (offset as number) >= 0));
  if (!isPlain) check(peer, envelope, value);
  const { session, ...event } = value as unknown as SessionEvent;
  return passed(session, { ...event, params: readParams(peer, event.method, event.params) });
}

/** An event that is written here. */
export function passed(
  session: string,
  { seq, offset, at, method, params }: Omit<SessionEvent, "session">,
): ForeignEvent {
  const event = {
    ...(seq === undefined ? {} : { seq }),
    ...(offset === undefined ? {} : { offset }),
    at,
    method,
    params,
  };
  return { session, ...event, tail: JSON.stringify(event).slice(1) };
}
