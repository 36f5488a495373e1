/**
 * History is drawn by folding it: the TUI, `tail` and an export hand records and events to
 * `fold`, one at a time, and draw the transcript it gives. Pure; every call gives a new value
 * and shares what did not change. The same events in, the same transcript out, however often a
 * delta or record is repeated, so a client that reconnects just goes on folding.
 */
import { isObject, type JsonObject } from "./messages.ts";
import {
  applyDelta,
  type Draft,
  deltaField,
  type OwnRecords,
  type SessionEvent,
} from "./records.ts";
import type { Actor, ApprovalDetail, SessionInfo, TurnInfo } from "./session.ts";
import { isoOf, objectOf, stringOf } from "./shape.ts";

export interface Transcript {
  session: SessionInfo | null;
  /** The last record that was folded; a client's cursor. */
  cursor: number;
  /** True between `session/live` and a lost connection. */
  live: boolean;
  entries: readonly Entry[];
  /** Items on their way, in the order they began; drawn after the entries. */
  drafts: readonly Draft[];
  /** What waits for an answer, oldest first. */
  approvals: readonly ApprovalDetail[];
  /** Messages that are stored and not yet delivered, oldest first. */
  queue: readonly QueuedMessage[];
  turn: TurnInfo | null;
  /** codex's own `tokenUsage` object, as last seen. */
  usage: JsonObject | null;
  /** How long the model thinks, in codex's words; null while nobody said. */
  effort: string | null;
}

export interface QueuedMessage {
  id: string;
  text: string;
  mode: string;
  /** Who sent it, where that is known. */
  by?: Actor | undefined;
}

/** A thing that was said or done, in order. `key` is stable and unique. */
export type Entry = { key: string; seq: number; at: string } & (
  | { kind: "item"; turnId: string; threadId: string; item: JsonObject; cut: boolean }
  | {
      kind: "turn";
      turnId: string;
      status: string;
      error: string | null;
      durationMs: number | null;
    }
  | { kind: "own"; method: string; params: JsonObject }
  | { kind: "notice"; method: string; params: JsonObject }
);

export const emptyTranscript: Transcript = {
  session: null,
  cursor: 0,
  live: false,
  entries: [],
  drafts: [],
  approvals: [],
  queue: [],
  turn: null,
  usage: null,
  effort: null,
};

/** Records of codex's that change what is known and are not drawn by themselves. */
const SILENT = new Set([
  "thread/started",
  "thread/status/changed",
  "thread/readState/changed",
  "thread/goal/cleared",
  "thread/queue/changed",
  "account/rateLimits/updated",
  "account/updated",
  "remoteControl/status/changed",
  "mcpServer/startupStatus/updated",
  "skills/changed",
  "app/list/updated",
  "turn/diff/updated",
  "rawResponseItem/completed",
  "serverRequest/resolved",
]);

export function fold(before: Transcript, event: SessionEvent): Transcript {
  if (event.seq !== undefined && event.seq <= before.cursor) return before;
  const transcript = event.seq === undefined ? before : { ...before, cursor: event.seq };
  const { method, params } = event;

  const field = deltaField(method, params);
  if (field !== null) return foldDelta(transcript, event, field);
  switch (method) {
    case "session/state":
      return { ...transcript, session: params.session as unknown as SessionInfo };
    case "session/live":
      return { ...transcript, live: true };
    case "session/draft":
      return withDraft(transcript, params as unknown as Draft);
    case "session/message":
      return foldMessage(transcript, event);
    case "session/approval":
      return foldApproval(transcript, event);
    case "item/started":
      return hasId(params.item) ? foldStarted(transcript, params) : foldOther(transcript, event);
    case "item/completed":
    case "session/cut":
      return hasId(params.item) ? foldItem(transcript, event) : foldOther(transcript, event);
    case "turn/started": {
      const { turn } = params;
      if (!hasId(turn)) return foldOther(transcript, event);
      if (isForeign(transcript, params)) return transcript;
      const rootId = typeof turn.rootTurnId === "string" ? turn.rootTurnId : null;
      return { ...transcript, turn: { id: turn.id, rootId, startedAt: event.at } };
    }
    case "turn/completed":
      return hasId(params.turn)
        ? foldTurnCompleted(transcript, event)
        : foldOther(transcript, event);
    case "thread/tokenUsage/updated":
      return isForeign(transcript, params)
        ? transcript
        : { ...transcript, usage: objectOf(params.tokenUsage) };
    case "thread/settings/updated":
      return foldSettings(transcript, params);
    case "session/agent":
      return foldAgent(transcript, event);
    default:
      return foldOther(transcript, event);
  }
}

/** What changes nothing that is known: it is drawn as it is. */
function foldOther(transcript: Transcript, event: SessionEvent): Transcript {
  const { method, params } = event;
  if (event.seq === undefined || SILENT.has(method)) return transcript;
  // Of a message, the message itself is drawn.
  if (method === "session/called" && params.messageId !== undefined) return transcript;
  const kind = method.startsWith("session/") ? "own" : "notice";
  return withEntry(transcript, event, { kind, method, params });
}

/** codex is another program, and what it said is a record whatever its shape. */
function hasId(value: unknown): value is JsonObject & { id: string } {
  return isObject(value) && typeof value.id === "string" && value.id !== "";
}

/** What the client does when its connection is gone: drafts may have moved on meanwhile. */
export function disconnected(transcript: Transcript): Transcript {
  return { ...transcript, live: false };
}

/** The text so far of an item on its way, for the field that people read first. */
export function draftText(draft: Draft): string {
  const fields = Object.entries(draft.fields).sort(([a], [b]) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  return fields
    .map(([, field]) => `${field.partial || field.from > 0 ? "… " : ""}${field.text}`)
    .join("\n");
}

function foldDelta(transcript: Transcript, event: SessionEvent, field: string): Transcript {
  const { itemId, threadId, turnId, delta } = event.params as Record<string, string>;
  const known = transcript.drafts.find((draft) => draft.itemId === itemId);
  const draft = known ?? {
    threadId: threadId ?? "",
    turnId: turnId ?? "",
    itemId: itemId ?? "",
    item: null,
    fields: {},
  };
  const text = applyDelta(draft.fields[field], delta ?? "", event.offset ?? 0);
  return withDraft(transcript, { ...draft, fields: { ...draft.fields, [field]: text } });
}

/** Text that came before the announcement, or before it came again, is kept. */
function foldStarted(transcript: Transcript, params: JsonObject): Transcript {
  const draft = draftOf(params);
  const known = transcript.drafts.find(({ itemId }) => itemId === draft.itemId);
  return withDraft(transcript, { ...draft, fields: known?.fields ?? {} });
}

function foldItem(transcript: Transcript, event: SessionEvent): Transcript {
  const item = objectOf(event.params.item);
  const drafts = transcript.drafts.filter((draft) => draft.itemId !== item.id);
  return withEntry({ ...transcript, drafts }, event, {
    kind: "item",
    turnId: stringOf(event.params.turnId) ?? "",
    threadId: stringOf(event.params.threadId) ?? "",
    item,
    cut: event.method === "session/cut",
  });
}

function foldTurnCompleted(transcript: Transcript, event: SessionEvent): Transcript {
  const turn = objectOf(event.params.turn);
  const id = stringOf(turn.id) ?? "";
  const { turn: running } = transcript;
  const over = running?.id === id || running?.rootId === id;
  const ended = {
    ...transcript,
    turn: over ? null : running,
    drafts: transcript.drafts.filter(
      ({ turnId }) => turnId !== id && !(over && turnId === running?.id),
    ),
  };
  const error = isObject(turn.error) ? (stringOf(turn.error.message) ?? "") : null;
  const durationMs = Number.isFinite(turn.durationMs) ? Number(turn.durationMs) : null;
  return withEntry(ended, event, {
    kind: "turn",
    turnId: id,
    status: stringOf(turn.status) ?? "unknown",
    error,
    durationMs,
  });
}

function foldMessage(transcript: Transcript, event: SessionEvent): Transcript {
  const params = event.params as unknown as OwnRecords["session/message"];
  const others = transcript.queue.filter((message) => message.id !== params.id);
  if (params.status === "accepted") {
    const message = {
      id: params.id,
      text: params.content?.text ?? "",
      mode: params.mode,
      by: params.by,
    };
    return { ...transcript, queue: [...others, message] };
  }
  const settled = { ...transcript, queue: others };
  if (params.status === "failed" || params.status === "cancelled") {
    return withEntry(settled, event, { kind: "own", method: event.method, params: event.params });
  }
  return settled;
}

function foldApproval(transcript: Transcript, event: SessionEvent): Transcript {
  const params = event.params as unknown as OwnRecords["session/approval"];
  if (params.status === "requested") {
    const others = transcript.approvals.filter((approval) => approval.id !== params.approval.id);
    return { ...transcript, approvals: [...others, params.approval] };
  }
  const approvals = transcript.approvals.filter((approval) => approval.id !== params.id);
  return withEntry({ ...transcript, approvals }, event, {
    kind: "own",
    method: event.method,
    params: event.params,
  });
}

function foldSettings(transcript: Transcript, params: JsonObject): Transcript {
  if (isForeign(transcript, params)) return transcript;
  const { effort } = objectOf(params.threadSettings);
  return { ...transcript, effort: typeof effort === "string" ? effort : null };
}

/** An agent that is gone takes its turn and its drafts with it. */
function foldAgent(transcript: Transcript, event: SessionEvent): Transcript {
  const { status } = event.params as unknown as OwnRecords["session/agent"];
  const gone = status === "crashed" || status === "asleep" || status === "started";
  const known = gone ? { ...transcript, turn: null, drafts: [] } : transcript;
  // Whoever read of a crash wants to read of its end; a start after sleep is no news.
  const again = status === "started" && isCrashed(transcript);
  const told = status === "crashed" || status === "stalled" || status === "answers";
  if (!told && !again) return known;
  return withEntry(known, event, { kind: "own", method: event.method, params: event.params });
}

function isCrashed({ entries }: Transcript): boolean {
  const last = entries.findLast(
    (entry) => entry.kind === "own" && entry.method === "session/agent",
  );
  return last?.kind === "own" && /^(crashed|stalled)$/.test(String(last.params.status));
}

function withEntry(
  transcript: Transcript,
  event: SessionEvent,
  entry: Entry extends infer E ? (E extends Entry ? Omit<E, "key" | "seq" | "at"> : never) : never,
): Transcript {
  const seq = event.seq ?? transcript.cursor;
  const whole = { ...entry, key: `${seq}`, seq, at: event.at } as Entry;
  return { ...transcript, entries: [...transcript.entries, whole] };
}

function withDraft(transcript: Transcript, draft: Draft): Transcript {
  const at = transcript.drafts.findIndex((known) => known.itemId === draft.itemId);
  if (at === -1) return { ...transcript, drafts: [...transcript.drafts, draft] };
  return { ...transcript, drafts: transcript.drafts.with(at, draft) };
}

export function draftOf(params: JsonObject): Draft {
  const item = objectOf(params.item);
  const startedAt = isoOf(params.startedAtMs);
  return {
    threadId: stringOf(params.threadId) ?? "",
    turnId: stringOf(params.turnId) ?? "",
    itemId: stringOf(item.id) ?? "",
    item,
    ...(startedAt === undefined ? {} : { startedAt }),
    fields: {},
  };
}

function isForeign(transcript: Transcript, params: JsonObject): boolean {
  const own = transcript.session?.threadId;
  return typeof own === "string" && typeof params.threadId === "string" && params.threadId !== own;
}
