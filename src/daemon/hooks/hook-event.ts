/** What a hook is told of a record: made when it is delivered, of what the store has then. */
import {
  HOOK_EVENTS,
  type HookEvent,
  type HookEventName,
  summarize,
} from "../../protocol/hooks.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { objectOf, stringOf } from "../../protocol/shape.ts";
import type { Stored } from "../session/history.ts";
import type { Store } from "../store/store.ts";

export type About = HookEvent["data"]["session"];

/** Texts and commands in an event, in characters; the history has the whole. */
const textCharsMax = 16_000;

export function eventOf(
  type: HookEventName,
  record: Stored,
  session: About,
  store: Store,
): HookEvent {
  const details = clipped(detailsOf(type, record, session.id, store));
  return {
    id: `${session.id}-${record.seq}`,
    type,
    timestamp: record.at,
    data: {
      session,
      seq: record.seq,
      summary: summarize(type, session.name, details),
      ...details,
    },
  };
}

/** One that did not happen, to try a hook with. */
export function sampleOf(type: HookEventName, id: string, session: About): HookEvent {
  const details: JsonObject = structuredClone(HOOK_EVENTS[type].sample) as JsonObject;
  const timestamp = new Date().toISOString();
  const summary = summarize(type, session.name, details);
  return { id, type, timestamp, test: true, data: { session, seq: 1, summary, ...details } };
}

function detailsOf(
  type: HookEventName,
  { at, params }: Stored,
  session: string,
  store: Store,
): JsonObject {
  const [kind, outcome] = type.split(".");
  if (kind === "turn") return turnOf(outcome, params, session, store);
  if (kind === "approval") return approvalOf(at, params, session, store);
  if (kind === "message") return messageOf(outcome, params);
  const { origin, by, pid, model, codexVersion, reason } = params;
  if (outcome === "created") return present({ origin, by });
  if (outcome === "started") return present({ pid, model, codexVersion });
  return outcome === "ended" ? present({ by }) : { reason: reason ?? null };
}

function turnOf(
  outcome: string | undefined,
  params: JsonObject,
  session: string,
  store: Store,
): JsonObject {
  const turn = objectOf(params.turn);
  const turnId = stringOf(turn.id) ?? "";
  if (outcome === "started") return { turnId };
  const { durationMs = null, error } = turn;
  const ended: JsonObject = { turnId, durationMs };
  if (outcome === "completed") ended.text = store.records.lastAnswer(session, turnId);
  if (outcome === "failed") ended.error = isObject(error) ? (error.message ?? null) : null;
  return ended;
}

function approvalOf(at: string, params: JsonObject, session: string, store: Store): JsonObject {
  if (isObject(params.approval)) {
    const { id, kind, command, cwd, reason, unknown, decisions } = params.approval;
    const ids = Array.isArray(decisions)
      ? decisions.map((one) => (isObject(one) ? (one.id ?? null) : null))
      : [];
    const approval = present({ id, kind, command, cwd, reason, unknown });
    return { turnId: params.turnId ?? null, approval: { ...approval, decisions: ids } };
  }
  const asked = store.approvals.get(session, stringOf(params.id) ?? "")?.detail;
  const { id, kind, decision, by, reason } = params;
  return {
    approval: present({ id, kind, command: asked?.command ?? null, decision, by, reason }),
    waitedMs:
      asked === undefined ? null : Math.max(0, Date.parse(at) - Date.parse(asked.createdAt)),
  };
}

function messageOf(outcome: string | undefined, params: JsonObject): JsonObject {
  const { id, mode, by, turnId, turnStatus, error, text } = params;
  const message = present({ id, mode, by, turnId, turnStatus, error });
  return outcome === "finished" ? { message, text: text ?? null } : { message };
}

/** Without what the record does not have. */
function present(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function clipped(details: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [
      key,
      typeof value === "string" && value.length > textCharsMax
        ? `${value.slice(0, textCharsMax)}…`
        : isObject(value)
          ? clipped(value)
          : value,
    ]),
  );
}
