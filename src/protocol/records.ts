/**
 * What a history is made of. A record is either a notification of codex's, unchanged, or one of
 * ours, whose method begins with `session/`. Records have a seq and are stored before anyone
 * sees them. What is on its way has none: deltas and drafts are live only.
 */
import type { Json, JsonObject } from "./messages.ts";
import type {
  Actor,
  ApprovalDetail,
  Composition,
  MessageContent,
  ReceiptStatus,
  SendMode,
  SessionInfo,
  SessionSpec,
} from "./session.ts";

/** The records of ours, by method. */
export interface OwnRecords {
  "session/created": {
    spec: SessionSpec;
    by: Actor;
    origin: "new" | "resume" | "fork";
    from?: string;
  };
  "session/message": {
    id: string;
    status: ReceiptStatus;
    mode: SendMode;
    /** With `accepted` only. */
    content?: MessageContent;
    /** With `accepted`, and with `cancelled` when somebody took the message back. */
    by?: Actor;
    turnId?: string;
    turnStatus?: string;
    text?: string | null;
    error?: string | null;
    usage?: JsonObject | null;
  };
  "session/approval":
    | {
        status: "requested";
        approval: ApprovalDetail;
        turnId: string | null;
        itemId: string | null;
      }
    | {
        status: "answered";
        id: string;
        kind: string;
        decision: string;
        by: Actor;
        command: string | null;
      }
    | { status: "lost"; id: string; kind: string; reason: string };
  "session/agent": {
    status: "started" | "adopted" | "reconnected" | "asleep" | "crashed" | "stalled" | "answers";
    pid: number | null;
    codexVersion: string | null;
    threadId: string | null;
    model: string | null;
    reason?: string;
    /** The turn that a crash cut off. */
    turnId?: string;
  };
  /**
   * Somebody stopped everything that the session's agent is and started, and the queue. `done` says
   * what was killed and what was left, `lifted` who let it go on.
   */
  "session/panic":
    | { status: "begun"; by: Actor }
    | { status: "lifted"; by: Actor }
    | { status: "done"; by: Actor; killed: number; left: { pid: number; command: string }[] };
  /** An item that codex began, showed in part, and then dropped; `item` holds what was shown. */
  "session/cut": { threadId: string; turnId: string; item: JsonObject };
  /** The daemon did not hear the agent for a while; `recovered` items were fetched afterwards. */
  "session/gap": { reason: string; since: string; recovered: number };
  /**
   * A client of codex's own protocol called a method that is more than a look. Stored before
   * codex hears it; `messageId` is the `clientId` of the userMessage that comes of it.
   */
  "session/called": { by: Actor; method: string; messageId?: string };
  /** Retention dropped the records up to this one's seq, `records` in all, the last from `until`. */
  "session/trimmed": { records: number; until: string };
  /**
   * The machine went down: records after `after`, which was stored at `since` or later, and before
   * this one may have been told and are gone. What codex has of them comes again.
   */
  "session/lost": { reason: string; after: number; since: string };
  /** Who put the agent down, changed its settings, or called codex past the turns. */
  "session/control": { action: string; by: Actor; detail: JsonObject };
  /** `reason`: why the daemon did it by itself. */
  "session/interrupted": { turnId: string; by: Actor; reason?: string | undefined };
  "session/renamed": { from: string; to: string; by: Actor };
  "session/ended": { by: Actor; reason?: string | undefined };
}
export type OwnMethod = keyof OwnRecords;

/** Records that stand for others that are gone: their seq may be further on than the next. */
const STAND_INS: ReadonlySet<string> = new Set<OwnMethod>(["session/trimmed", "session/lost"]);

/** Is it the record after `cursor`, with none missing in between that nothing stands for? */
export function follows(cursor: number, { seq, method }: { seq: number; method: string }): boolean {
  return seq === cursor + 1 || (seq > cursor && STAND_INS.has(method));
}

/**
 * The live-only events of ours. `session/state` replaces what was known of the session;
 * `session/draft` replaces what was known of an item on its way; `session/live` says that the
 * client has every record up to `seq` and follows live from here; `session/composed` is what
 * somebody is writing to the session.
 */
export interface OwnEvents {
  "session/state": { session: SessionInfo };
  "session/draft": Draft;
  "session/live": { seq: number };
  "session/composed": Composition & { by: Actor };
}

/** An item on its way: as codex began it, with the text so far of each of its streamed fields. */
export interface Draft {
  threadId: string;
  turnId: string;
  itemId: string;
  /** As `item/started` brought it; null when its beginning was missed. */
  item: JsonObject | null;
  /** When it began, where codex said so. */
  startedAt?: string;
  fields: Record<string, DraftField>;
}

export interface DraftField {
  /**
   * Where `text` begins, in UTF-16 units of the whole field: more than 0 when its beginning was
   * dropped to keep within `draftCharsMax`.
   */
  from: number;
  text: string;
  /** True when text before or inside it was missed (the daemon was away). */
  partial: boolean;
}

/** What a `session/event` notification carries. */
export interface SessionEvent {
  /** The session's id; names can change. */
  session: string;
  /** Present on records alone. */
  seq?: number;
  at: string;
  method: string;
  params: JsonObject;
  /** On deltas: where the delta begins in its field, in UTF-16 units. */
  offset?: number;
}

/**
 * The streamed field that a delta of codex's belongs to, or null when `method` is no delta.
 * Methods of later codex versions whose name ends in `delta` get a field of their own.
 */
export function deltaField(method: string, params: JsonObject): string | null {
  if (!/delta$/i.test(method) || typeof params.itemId !== "string") return null;
  if (typeof params.delta !== "string") return null;
  switch (method) {
    case "item/agentMessage/delta":
    case "item/plan/delta":
      return "text";
    case "item/commandExecution/outputDelta":
    case "item/fileChange/outputDelta":
      return "output";
    case "item/reasoning/summaryTextDelta":
      return partField("summary", params.summaryIndex);
    case "item/reasoning/textDelta":
      return partField("content", params.contentIndex);
    default:
      return method;
  }
}

const partsMax = 1_000;

/** A part's number is where it stands in a list, so it has to be a small one. */
function partField(list: string, index: Json = 0): string | null {
  const isPlace = Number.isInteger(index) && Number(index) >= 0 && Number(index) < partsMax;
  return isPlace ? `${list}.${index}` : null;
}

/** The longest text of one field that a draft keeps; what comes before is dropped. */
export const draftCharsMax = 512 * 1024;
/** So much goes at once, at multiples of it: a text that moved with every delta is a new one each. */
export const draftStepChars = draftCharsMax / 4;

/**
 * Puts a delta into a draft's field. Applying one twice changes nothing, and one that begins
 * past the end marks the field as partial. Gives a new field.
 */
export function applyDelta(
  field: DraftField | undefined,
  delta: string,
  offset: number,
): DraftField {
  const known = field ?? { from: offset, text: "", partial: offset > 0 };
  const end = known.from + known.text.length;
  if (offset + delta.length <= end) return known;
  const text = known.text + delta.slice(Math.max(0, end - offset));
  const from = offset > end ? offset - known.text.length : known.from;
  const partial = known.partial || offset > end;
  if (text.length <= draftCharsMax) return { from, text, partial };
  const least = from + text.length - draftCharsMax;
  const keptFrom = Math.ceil(least / draftStepChars) * draftStepChars;
  return { from: keptFrom, text: text.slice(keptFrom - from), partial };
}
