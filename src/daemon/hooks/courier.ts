/**
 * Delivers what one hook is to be told. What waits is in the store, from the same transaction as
 * the record that it is about until it is delivered or given up, so every event is delivered at
 * least once, whatever is killed in between. A hook that fails or hangs keeps nobody waiting but
 * itself: its own deliveries, of which a bounded number runs and a bounded number waits.
 */
import type { Logger } from "pino";
import { messageOf } from "../../protocol/errors.ts";
import type { HookEvent, HookEventName, HookInfo } from "../../protocol/hooks.ts";
import { type HookConfig, hookName } from "../../system/hook-config.ts";
import type { ProcessIdentity } from "../../system/process-identity.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { Delivery } from "../store/hook-table.ts";
import type { Store } from "../store/store.ts";
import type { Attempt } from "./attempt.ts";
import { delayAfter, delayMsMax } from "./backoff.ts";
import { type Running, run } from "./command.ts";
import { post } from "./webhook.ts";

/** Deliveries of one hook that run at once. */
const runningMax = 2;
/** Past this many that wait, the oldest are dropped. */
export const pendingMax = 1_000;
/** What could not be delivered for so long is given up. */
const ageMsMax = 24 * 3_600_000;
/** The longest that an answer's Retry-After is obeyed. */
const pauseMsMax = 3_600_000;
/** The longest that a URL is left alone where nobody answers. */
const absentMsMax = 60_000;
const timerMsMax = 3_600_000;

export interface CourierParts {
  store: Store;
  log: Logger;
  redactor: Redactor;
  /** The daemon's, for what a command asks of it. */
  socket: string;
  /** What the hook is told; undefined when that is forgotten. */
  eventOf: (delivery: Delivery) => HookEvent | undefined;
  /** The store could not be written. */
  onStoreError: (error: unknown) => void;
}

export class Courier {
  readonly hook: HookConfig;
  readonly name: string;
  readonly #parts: CourierParts;
  readonly #running = new Map<number, Running | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #scheduled = false;
  /** As `performance.now()` has it; a date would pause for as long as the clock is set back. */
  #pausedUntilMs = 0;
  /** The URL said that it is gone for good. */
  #gone = false;
  /** Attempts in a row that nobody answered; then one at a time goes to see. */
  #unanswered = 0;
  #stopped = false;
  readonly #counts = { delivered: 0, failed: 0, dropped: 0 };
  #lastAt: string | null = null;
  #error: string | null = null;

  constructor(hook: HookConfig, parts: CourierParts) {
    this.hook = hook;
    this.name = hookName(hook);
    this.#parts = parts;
  }

  /** Inside the transaction that stores the record. */
  add(session: string, seq: number, event: HookEventName): void {
    if (this.#gone) return;
    const { hooks } = this.#parts.store;
    const nowMs = Date.now();
    hooks.insert({ hook: this.name, session, seq, event, dueAt: nowMs, createdAt: nowMs });
    const tooMany = hooks.pending(this.name) - pendingMax;
    if (tooMany <= 0) return;
    hooks.dropOldest(this.name, tooMany);
    // Said once for many: this is a time in which much happens.
    if (this.#counts.dropped % pendingMax === 0)
      this.#warn("too many deliveries wait; the oldest are dropped", { pendingMax });
    this.#parts.store.afterwards(() => {
      this.#counts.dropped += tooMany;
    });
  }

  /** Begins what is due, as far as there is room: not now, since to start a program takes a while. */
  soon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#pump());
  }

  #pump(): void {
    this.#scheduled = false;
    if (this.#stopped || this.#gone) return;
    clearTimeout(this.#timer);
    const { hooks } = this.#parts.store;
    const nowMs = Date.now();
    const pausedMs = this.#pausedMs;
    if (pausedMs === 0) {
      // Those that run are due, too, and come first.
      const max = this.#unanswered > 0 ? 1 : runningMax;
      const most = this.#running.size + max;
      const due = hooks.due(this.name, nowMs, delayMsMax, most);
      for (const delivery of due) {
        if (this.#running.size >= max) return;
        if (!this.#running.has(delivery.id)) this.#begin(delivery);
      }
      if (this.#running.size >= max) return;
      // Some were not for telling any more.
      if (due.length === most) return this.soon();
    }
    const waitMs = Math.max(
      pausedMs,
      (hooks.nextDueAt(this.name, nowMs, delayMsMax) ?? nowMs) - nowMs,
    );
    if (waitMs <= 0) return;
    this.#timer = setTimeout(() => this.#pump(), Math.min(waitMs, timerMsMax));
    this.#timer.unref();
  }

  /** One attempt with an event that is in no store. */
  async try(event: HookEvent): Promise<Attempt> {
    const attempt = await ("run" in this.hook
      ? run(this.hook, event, this.#parts.socket).ended
      : post(this.hook, event));
    return { ...attempt, detail: this.#parts.redactor.text(attempt.detail) };
  }

  /** What runs is ended, and is told again by the next daemon. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const running of this.#running.values()) running?.end("the daemon stops");
  }

  info(): HookInfo {
    const { hook, name } = this;
    const pausedMs = this.#pausedMs;
    return {
      name,
      on: hook.on,
      sessions: hook.sessions ?? "*",
      kind: "run" in hook ? "run" : "post",
      target: targetOf(hook),
      pending: this.#parts.store.hooks.pending(name),
      ...this.#counts,
      lastAt: this.#lastAt,
      error: this.#error,
      retryAt: pausedMs > 0 ? new Date(Date.now() + pausedMs).toISOString() : null,
    };
  }

  get #pausedMs(): number {
    return Math.max(0, this.#pausedUntilMs - performance.now());
  }

  #begin(delivery: Delivery): void {
    const event = this.#parts.eventOf(delivery);
    const late = Date.now() - delivery.createdAt > ageMsMax;
    if (event === undefined || late) {
      this.#counts.dropped++;
      if (late)
        this.#warn("a delivery is given up", { id: event?.id, attempts: delivery.attempts });
      return this.#write(() => this.#parts.store.hooks.remove(delivery.id));
    }
    this.#running.set(delivery.id, undefined);
    void this.#attempt(delivery, event)
      .catch((error): Attempt => ({ outcome: "later", detail: messageOf(error) }))
      .then((attempt) => this.#settle(delivery, event, attempt));
  }

  #attempt(delivery: Delivery, event: HookEvent): Promise<Attempt> {
    if (!("run" in this.hook)) return post(this.hook, event);
    const running = run(this.hook, event, this.#parts.socket);
    this.#running.set(delivery.id, running);
    void running.identity.then((identity) => this.#begun(delivery, identity));
    return running.ended;
  }

  #begun({ id }: Delivery, identity: ProcessIdentity | undefined): void {
    if (identity === undefined || this.#stopped) return;
    this.#write(() => this.#parts.store.hooks.begin(id, identity));
  }

  #settle(delivery: Delivery, event: HookEvent, attempt: Attempt): void {
    this.#running.delete(delivery.id);
    if (this.#stopped) return;
    const detail = this.#parts.redactor.text(attempt.detail);
    const { hooks } = this.#parts.store;
    this.#lastAt = new Date().toISOString();
    this.#error = attempt.outcome === "done" ? null : detail;
    if (attempt.unanswered !== true) this.#unanswered = 0;
    // One that was on its way beside it says nothing new.
    else if (this.#pausedMs === 0) this.#unanswered++;
    if (attempt.outcome === "later") {
      const attempts = delivery.attempts + 1;
      this.#warn("a hook failed, and is tried again", { id: event.id, attempts, detail });
      const pauseMs = this.#pauseAfter(attempt);
      if (pauseMs !== undefined) this.#pausedUntilMs = performance.now() + pauseMs;
      // It is not this one's fault when nobody is there, so it goes out with the others.
      const delayMs = attempt.unanswered === true ? 0 : delayAfter(attempts);
      this.#write(() => hooks.postpone(delivery.id, Date.now() + delayMs));
    } else {
      this.#counts[attempt.outcome === "done" ? "delivered" : "failed"]++;
      if (attempt.outcome !== "done") this.#warn("a hook failed", { id: event.id, detail });
      this.#write(() => hooks.remove(delivery.id));
      if (attempt.outcome === "gone") this.#giveUp();
    }
    this.soon();
  }

  /** For how long all that waits is kept back, so that thousands are not tried one by one in vain. */
  #pauseAfter({ afterMs, unanswered }: Attempt): number | undefined {
    if (afterMs !== undefined) return Math.min(afterMs, pauseMsMax);
    return unanswered === true ? Math.min(delayAfter(this.#unanswered), absentMsMax) : undefined;
  }

  /** Until the next daemon: whoever reads the URL's answer has said never to come again. */
  #giveUp(): void {
    this.#gone = true;
    const { store } = this.#parts;
    this.#write(() => {
      const dropped = store.hooks.clear(this.name);
      store.afterwards(() => {
        this.#counts.dropped += dropped;
      });
    });
    this.#warn("the URL says that it is gone: the hook is off until the daemon starts again", {});
  }

  #write(change: () => void): void {
    try {
      this.#parts.store.transaction(change);
    } catch (error) {
      this.#parts.onStoreError(error);
    }
  }

  #warn(message: string, details: object): void {
    this.#parts.log.warn({ hook: this.name, ...details }, message);
  }
}

/** Where it leads, for people: arguments and paths may be secret. */
function targetOf(hook: HookConfig): string {
  if ("post" in hook) return new URL(hook.post).origin;
  return typeof hook.run === "string" ? "/bin/sh" : (hook.run[0] ?? "");
}
