/**
 * How busy a session was: tokens minute by minute, and how long its last turns took. Read from
 * what is recorded, as it comes; the first time one asks, or codex tells something, the end of
 * the history is read, so that a new daemon knows what the one before it knew. Bounded: slots of
 * ten seconds for half an hour, and some turns.
 */
import { activityMinutes, activityTurns } from "../../protocol/activity.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { stringOf } from "../../protocol/shape.ts";
import type { RecordTable } from "../store/record-table.ts";

const slotMs = 10_000;
const slotsInMinute = 6;
const slotsMax = activityMinutes * slotsInMinute;
/** Of the history, at most so many usages: one comes with each answer of the model. */
const usagesReadMax = 500;
/** Sub-agents have threads of their own, each with its own count. */
const threadsMax = 100;

export class Activity {
  readonly #session: string;
  readonly #records: Pick<RecordTable, "lastTurnEnds" | "lastUsages">;
  readonly #threadId: () => string | null;
  /** Tokens by slot, which is the time in tens of seconds. */
  readonly #slots = new Map<number, number>();
  /** What each thread had used in all when codex last told. */
  readonly #totals = new Map<string, number>();
  #turnsMs: number[] = [];
  #read = false;

  constructor(
    session: string,
    records: Pick<RecordTable, "lastTurnEnds" | "lastUsages">,
    threadId: () => string | null,
  ) {
    this.#session = session;
    this.#records = records;
    this.#threadId = threadId;
  }

  /** A notification of codex's that was just recorded. */
  hear(method: string, params: JsonObject, atMs: number): void {
    if (method !== "turn/completed" && method !== "thread/tokenUsage/updated") return;
    // What is read from the history holds this one already.
    if (!this.#read) return this.#readHistory();
    const thread = stringOf(params.threadId) ?? "";
    if (method === "turn/completed") {
      this.#turnEnded(thread, isObject(params.turn) ? params.turn.durationMs : null);
    } else {
      this.#used(thread, params.tokenUsage, atMs);
    }
  }

  /** The last one is the minute until now, not the clock's. */
  tokensPerMinute(nowMs: number): number[] {
    if (!this.#read) this.#readHistory();
    const minutes = Array<number>(activityMinutes).fill(0);
    const current = Math.floor(nowMs / slotMs);
    for (const [slot, tokens] of this.#slots) {
      const ago = Math.floor(Math.max(0, current - slot) / slotsInMinute);
      const place = activityMinutes - 1 - ago;
      if (place >= 0) minutes[place] = (minutes[place] ?? 0) + tokens;
    }
    return minutes;
  }

  turnsMs(): number[] {
    if (!this.#read) this.#readHistory();
    return [...this.#turnsMs];
  }

  #readHistory(): void {
    this.#read = true;
    try {
      for (const { threadId, durationMs } of this.#records.lastTurnEnds(
        this.#session,
        activityTurns,
      )) {
        this.#turnEnded(threadId, durationMs);
      }
      for (const { at, threadId, usage } of this.#records.lastUsages(
        this.#session,
        usagesReadMax,
      )) {
        this.#used(threadId, usage, Date.parse(at));
      }
    } catch {
      // A record that can't be read hides how it went before, and keeps nothing from going on.
    }
  }

  #turnEnded(thread: string, durationMs: unknown): void {
    if (thread !== this.#threadId() || !Number.isFinite(durationMs)) return;
    this.#turnsMs = [...this.#turnsMs, durationMs as number].slice(-activityTurns);
  }

  /** codex tells the sum of a thread; one that it tells again adds nothing. */
  #used(thread: string, usage: unknown, atMs: number): void {
    if (!isObject(usage)) return;
    const total = tokensOf(usage.total);
    const before = this.#totals.get(thread);
    // Of a thread that one joins late, or that began anew, only the last answer is news.
    const since = before !== undefined && total >= before ? total - before : tokensOf(usage.last);
    this.#totals.delete(thread);
    this.#totals.set(thread, total);
    for (const oldest of this.#totals.keys()) {
      if (this.#totals.size <= threadsMax) break;
      this.#totals.delete(oldest);
    }
    const slot = Math.floor(atMs / slotMs);
    if (since > 0) this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + since);
    const newest = Math.max(slot, ...this.#slots.keys());
    for (const known of this.#slots.keys()) {
      if (known <= newest - slotsMax) this.#slots.delete(known);
    }
  }
}

/** As codex counts for people: what was read anew and what was written, without what was cached. */
function tokensOf(breakdown: unknown): number {
  if (!isObject(breakdown)) return 0;
  const { inputTokens, cachedInputTokens, outputTokens } = breakdown;
  const fresh = Math.max(0, number(inputTokens) - number(cachedInputTokens));
  return fresh + number(outputTokens);
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
