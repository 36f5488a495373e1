/**
 * A session's history: gives each record its seq, stores it, and only then hands it to the
 * feed. What is not recorded goes to the feed alone.
 */
import type { JsonObject } from "../../protocol/messages.ts";
import { type Draft, deltaField, type OwnMethod, type OwnRecords } from "../../protocol/records.ts";
import type { HistoryRecord, Keep } from "../../protocol/session.ts";
import { isoOf } from "../../protocol/shape.ts";
import { DeltaStreams } from "../redaction/delta-streams.ts";
import type { RecordRow } from "../store/record-table.ts";
import { seqsReservedAtOnce } from "../store/reserved.ts";
import type { Store } from "../store/store.ts";
import { encodeBounded } from "./bounded.ts";
import { DraftKeeper } from "./draft-keeper.ts";
import { Drafts, hasText, itemOfDraft } from "./drafts.ts";
import { Feed } from "./feed.ts";
import { liveFrame, recordFrame } from "./framing.ts";
import { withPastAfter, withPastBefore } from "./past.ts";

/** What codex tells that is of the moment: clients see it live, and it is not kept. */
const LIVE_ONLY = new Set([
  "account/rateLimits/updated",
  "account/updated",
  "app/list/updated",
  "configWarning",
  "fs/changed",
  "hook/started",
  "item/autoApprovalReview/started",
  "item/fileChange/patchUpdated",
  "item/mcpToolCall/progress",
  "item/reasoning/summaryPartAdded",
  "item/started",
  "mcpServer/startupStatus/updated",
  "model/safetyBuffering/updated",
  "process/exited",
  "remoteControl/status/changed",
  "serverRequest/resolved",
  "skills/changed",
  "thread/environment/connected",
  "thread/environment/disconnected",
  "thread/prediction/updated",
  "thread/queue/changed",
  "thread/readState/changed",
  "thread/started",
  "thread/status/changed",
  "turn/diff/updated",
]);
const LIVE_ONLY_FAMILIES =
  /delta$|^fuzzyFileSearch\/|^thread\/realtime\/|^mcpServer\/event\/|^externalAgentConfig\//i;

/** Of these, what tells again and again how far something has come. */
const GROWING = new Set(["item/fileChange/patchUpdated", "item/mcpToolCall/progress"]);

/** What comes and goes without anybody having done anything: no activity of the session's. */
const UNEVENTFUL = new Set<string>(["session/agent", "session/gap", "warning", "configWarning"]);

/** Who hears of some records as they are stored, and once they are. */
export interface Onlooker {
  hears: (method: string) => boolean;
  storing: (record: Stored) => void;
  stored: (record: Stored) => void;
}

export interface Stored {
  seq: number;
  at: string;
  method: string;
  /** Redacted. */
  params: JsonObject;
}

interface Keys {
  turnId: string | null;
  itemId: string | null;
}
const noKeys: Keys = { turnId: null, itemId: null };

export class History {
  readonly feed = new Feed();
  readonly drafts = new Drafts();
  readonly #session: string;
  readonly #store: Store;
  readonly #keeper: DraftKeeper;
  readonly #streams: DeltaStreams;
  readonly #onlooker: Onlooker | undefined;
  readonly #onStoreError: (error: unknown) => void;
  #head: number;
  /** Up to where seqs may be told. */
  #reserved: number;

  constructor(
    session: string,
    head: number,
    store: Store,
    onStoreError: (error: unknown) => void = raise,
    onlooker?: Onlooker,
  ) {
    this.#onlooker = onlooker;
    this.#session = session;
    this.#head = head;
    this.#store = store;
    this.#onStoreError = onStoreError;
    this.#reserved = store.reserved.of(session);
    this.#keeper = new DraftKeeper(session, store, this.drafts, onStoreError);
    this.#keeper.restore();
    this.#streams = new DeltaStreams(store.redactor);
  }

  /** The last record's seq. */
  get head(): number {
    return this.#head;
  }

  /** Records something of ours. Give `at` to agree with what is stored beside it. */
  own<M extends OwnMethod>(method: M, params: OwnRecords[M], at = now()): number {
    const redacted = this.#store.redactor.json(params);
    return this.#append(
      { at, method, params: redacted as JsonObject },
      // Of ours, only this holds what codex said, whatever its size is.
      method === "session/cut" ? encodeBounded(redacted as JsonObject) : JSON.stringify(redacted),
      noKeys,
    );
  }

  /**
   * Records a notification of codex's or passes it on, as its method has it. False when it is an
   * item, or the beginning or end of a turn, that history has already.
   */
  codex(method: string, params: JsonObject, emittedAtMs: number | undefined): boolean {
    this.#store.heardAt = performance.now();
    const at = isoOf(emittedAtMs) ?? now();
    const field = deltaField(method, params);
    if (field !== null) {
      this.#delta(at, method, field, params);
      return true;
    }
    if (method === "item/started") this.begin(params);
    if (LIVE_ONLY.has(method) || LIVE_ONLY_FAMILIES.test(method)) {
      if (!this.feed.hasListeners) return true;
      const { redactor } = this.#store;
      const shown = GROWING.has(method) ? redactor.begun(params) : redactor.json(params);
      this.feed.push(liveFrame({ session: this.#session, at, method }, encodeBounded(shown)));
      return true;
    }
    const keys = keysOf(method, params);
    const redacted = this.#store.redactor.json(params);
    const seq = this.#append({ at, method, params: redacted }, encodeBounded(redacted), keys);
    if (keys.itemId !== null) this.#complete(keys.itemId);
    return seq > 0;
  }

  /** Records what is not as codex's protocol has it: it is read by people alone. */
  asItCame(method: string, params: JsonObject, emittedAtMs: number | undefined): void {
    const redacted = this.#store.redactor.json(params);
    const record = { at: isoOf(emittedAtMs) ?? now(), method, params: redacted };
    this.#append(record, encodeBounded(redacted), noKeys, undefined);
  }

  /** An item is on its way. One that is found so has had deltas that were not heard. */
  begin(params: JsonObject, found = false): void {
    const { redactor } = this.#store;
    const item = params.item as JsonObject;
    // What streams may have come in part; all else of an item is whole from the beginning.
    const soFar = found ? { ...item, ...redactor.begun(streamedOf(item)) } : item;
    this.drafts.begin(redactor.json({ ...params, item: soFar }));
    if (!found) this.#streams.begin(item.id as string);
    // Nothing else says which files, when codex asks: not the question, and none of codex's lists.
    if (item.type === "fileChange") this.#keeper.keep(item.id as string);
  }

  /** codex was not heard for a while. */
  missed(): void {
    this.#streams.missed();
  }

  #delta(at: string, method: string, field: string, params: JsonObject): void {
    const itemId = params.itemId as string;
    const delta = this.#streams.push(itemId, field, params.delta as string);
    // What may be a secret waits for what follows.
    if (delta === "") return;
    const shown = { ...params, delta };
    const offset = this.drafts.append(field, shown);
    this.#keeper.changed(itemId);
    if (!this.feed.hasListeners) return;
    const event = { session: this.#session, at, method, offset };
    this.feed.push(liveFrame(event, JSON.stringify(shown), true));
  }

  /** Drafts that end are back with a transaction that fails. */
  #complete(itemId: string): void {
    const draft = this.drafts.get(itemId);
    this.drafts.complete(itemId);
    this.#keeper.forget(itemId);
    this.#store.afterwards(
      () => this.#streams.end(itemId),
      () => draft && this.drafts.putBack(draft),
    );
  }

  /** What is kept of it, and what that takes up. */
  kept(): { keep: Keep; bytes: number } {
    const { keep = {}, bytes = 0 } = this.#store.keep.get(this.#session) ?? {};
    return { keep, bytes };
  }

  redacted(text: string): string {
    return this.#store.redactor.text(text);
  }

  /** Says live what is not recorded, and stands until the next of its method. */
  live(method: string, params: object): void {
    const event = { session: this.#session, at: now(), method };
    const shown = JSON.stringify(this.#store.redactor.json(params));
    this.feed.stand(method, shown, liveFrame(event, shown));
  }

  /** Drafts that will never complete: what was shown of them stays in the history. */
  cutDrafts(turnId?: string): void {
    for (const draft of this.drafts.of(turnId)) {
      if (hasText(draft)) this.cutDraft(draft);
      else this.#complete(draft.itemId);
    }
  }

  cutDraft(draft: Draft): void {
    this.#complete(draft.itemId);
    const { threadId, turnId } = draft;
    this.own("session/cut", { threadId, turnId, item: itemOfDraft(draft) });
  }

  after(seq: number, limit: number): RecordRow[] {
    return this.#store.reading(() => this.#store.records.after(this.#session, seq, limit));
  }

  before(seq: number, limit: number): RecordRow[] {
    return this.#store.reading(() => this.#store.records.before(this.#session, seq, limit));
  }

  /** The cursor after which the last `count` records come. */
  beforeLast(count: number): number {
    if (count === 0) return this.#head;
    return this.#store.reading(() => this.#store.records.beforeLast(this.#session, count));
  }

  /** The same, with what was dropped here and an archive has. */
  pageAfter(seq: number, limit: number): RecordRow[] | Promise<RecordRow[]> {
    const { past } = this.#store;
    return withPastAfter(this.after(seq, limit), past, this.#session, seq, limit);
  }

  pageBefore(seq: number, limit: number): RecordRow[] | Promise<RecordRow[]> {
    const { past } = this.#store;
    return withPastBefore(this.before(seq, limit), past, this.#session, seq, limit);
  }

  /** 0 when the record is a repetition. Throws when it can't be stored; then nobody saw it. */
  #append(
    record: Omit<Stored, "seq">,
    params: string,
    keys: Keys,
    onlooker = this.#onlooker?.hears(record.method) ? this.#onlooker : undefined,
  ): number {
    const seq = this.#head + 1;
    const { at, method } = record;
    const row = { seq, at, method, params };
    return this.#store.transaction(() => {
      if (!this.#store.records.insert(this.#session, { ...row, ...keys })) return 0;
      this.#store.sessions.update(
        this.#session,
        UNEVENTFUL.has(method) ? { seq } : { seq, activeAt: at },
      );
      this.#head = seq;
      onlooker?.storing({ ...record, seq });
      this.#store.afterwards(
        () => {
          this.#reserve(seq);
          this.feed.push(recordFrame(this.#session, row));
          this.#store.onRecords(this.#session);
          onlooker?.stored({ ...record, seq });
        },
        () => {
          this.#head = seq - 1;
        },
      );
      return seq;
    });
  }

  /** Before it is told, so that no power cut can have it stand for another record. */
  #reserve(seq: number): void {
    if (seq <= this.#reserved) return;
    const through = seq + seqsReservedAtOnce;
    try {
      this.#store.durably(() => this.#store.reserved.reserve(this.#session, through));
    } catch (error) {
      // It is stored, and nobody may be told: only the next daemon can go on from here.
      this.#onStoreError(error);
      throw error;
    }
    this.#reserved = through;
  }
}

export function toHistoryRecord(session: string, row: RecordRow): HistoryRecord {
  const { seq, at, method } = row;
  return { seq, at, session, method, params: paramsOf(row) };
}

/** A record that can't be read is told as such, and does not hide the others. */
function paramsOf(row: RecordRow): JsonObject {
  try {
    return JSON.parse(row.params) as JsonObject;
  } catch {
    return { damaged: true };
  }
}

/** The fields that deltas are for, as `itemOfDraft` has them. */
function streamedOf({ text, aggregatedOutput, summary, content }: JsonObject): JsonObject {
  const fields = { text, aggregatedOutput, summary, content };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** By which item or turn a record is known, so that it is kept once. */
function keysOf(method: string, params: JsonObject): Keys {
  const item = params.item as JsonObject | undefined;
  const turn = params.turn as JsonObject | undefined;
  if (method === "item/completed" && typeof item?.id === "string") {
    return { turnId: params.turnId as string, itemId: item.id };
  }
  if ((method === "turn/completed" || method === "turn/started") && typeof turn?.id === "string") {
    return { turnId: turn.id, itemId: null };
  }
  return noKeys;
}

function now(): string {
  return new Date().toISOString();
}

function raise(error: unknown): never {
  throw error;
}
