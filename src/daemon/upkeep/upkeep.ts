/**
 * What a daemon does for its store beside everything else: it indexes what was said, drops what
 * is kept no longer, forgets what was removed and gives space back. All of it in slices of a few
 * milliseconds, each a transaction of its own, with a rest after each: sessions feel nothing of
 * it, and a daemon that dies in between goes on where it was.
 */
import type { Store } from "../store/store.ts";
import { indexSome } from "./indexing.ts";
import { forgetSome } from "./removal.ts";
import { type Archived, dropSome, type KeepRule } from "./retention.ts";

const sliceMs = 3;
const restMs = 8;
/** What comes in a burst is indexed together. */
const settleMs = 200;
const roundMs = 60_000;
/** The log is emptied with a sync to the disk, so not after every record that is dropped. */
const wipeEveryMs = 10_000;
const auditRowsMax = 500;
const vacuumPages = 16;
/** Fewer free pages than this are left for what comes. */
const freePagesMin = 256;

export interface UpkeepOptions {
  store: Store;
  /** What the config says of sessions that say nothing themselves. */
  keep: KeepRule;
  keepAuditMs: number;
  /** Where there is one: what it does not have yet stays longer. */
  archive?: Archived | undefined;
  onError: (error: unknown) => void;
}

/** Does some of it until the time; false when there is nothing more to do. */
type Task = (until: number) => boolean;

export class Upkeep {
  readonly #options: UpkeepOptions;
  /** Sessions with records to look through, and with some that may be too old or too many. */
  readonly #grown = new Set<string>();
  readonly #toTrim = new Set<string>();
  /** Removed sessions, and who waits for their end. */
  readonly #removed = new Map<string, (() => void)[]>();
  #auditDue = true;
  /** Something was dropped whose text is still in the write-ahead log. */
  #toWipe = false;
  #wipedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #round: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    const { store } = this.#options;
    store.recordListeners.add(this.#onRecords);
    for (const session of store.keep.behind()) this.#grown.add(session);
    for (const session of store.keep.removed()) this.#removed.set(session, []);
    this.#begin();
    this.#round = setInterval(() => this.#begin(), roundMs);
    this.#round.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#round);
    this.#options.store.recordListeners.delete(this.#onRecords);
  }

  #onRecords = (session: string): void => {
    this.#grown.add(session);
    this.#soon(settleMs);
  };

  /** A session's rule has changed, or its time may have come. */
  trim(session: string): void {
    this.#toTrim.add(session);
    this.#soon(0);
  }

  /** Resolves when nothing of the session is left in any file. */
  forget(session: string): Promise<void> {
    const { store } = this.#options;
    store.transaction(() => {
      store.keep.remove(session, new Date().toISOString());
      store.archive.removing(session);
    });
    this.#grown.delete(session);
    this.#toTrim.delete(session);
    return new Promise((resolve) => {
      this.#removed.set(session, [resolve]);
      this.#soon(0);
    });
  }

  /** Resolves when all that was said up to now is in the index, or the time is over. */
  caughtUp(withinMs: number): Promise<void> {
    if (this.#grown.size === 0) return Promise.resolve();
    this.#soon(0);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** How many sessions are not wholly in the index. */
  get behind(): number {
    return this.#grown.size;
  }

  /** The minute's round: times pass without anybody doing anything. */
  #begin(): void {
    const { store } = this.#options;
    for (const { id } of store.sessions.all()) this.#toTrim.add(id);
    this.#auditDue = true;
    this.#soon(0);
  }

  /** At the latest then; what is due earlier stays so. */
  #soon(ms: number): void {
    const dueAt = performance.now() + ms;
    if (this.#stopped || (this.#timer !== undefined && this.#dueAt <= dueAt)) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#slice(), ms);
    this.#timer.unref();
  }

  #slice(): void {
    this.#timer = undefined;
    let more = false;
    try {
      const until = performance.now() + sliceMs;
      const tasks: Task[] = [
        (time) => this.#forget(time),
        (time) => this.#index(time),
        (time) => this.#trim(time),
        () => this.#dropAudit(),
        () => this.#wipe(),
      ];
      // Each has its turn in every slice: a flood of one kind does not keep the others waiting.
      more = tasks.map((task) => task(until)).some((left) => left);
      more ||= this.#vacuum();
    } catch (error) {
      // Tried again with the next round; nothing was half done.
      this.#options.onError(error);
    }
    if (more) this.#soon(restMs);
  }

  #forget(until: number): boolean {
    const { store } = this.#options;
    for (const [session, waiting] of this.#removed) {
      if (forgetSome(store, session, until)) return true;
      this.#removed.delete(session);
      this.#toWipe = false;
      store.forgetNow();
      for (const resolve of waiting) resolve();
    }
    return false;
  }

  #index(until: number): boolean {
    const { store } = this.#options;
    for (const session of this.#grown) {
      if (indexSome(store, session, until)) return true;
      this.#grown.delete(session);
      this.#toTrim.add(session);
    }
    for (const resolve of this.#idle.splice(0)) resolve();
    return false;
  }

  #trim(until: number): boolean {
    const { store, keep, archive } = this.#options;
    for (const session of this.#toTrim) {
      const dropped = dropSome(store, session, keep, until, archive);
      if (dropped !== "none") this.#toWipe = true;
      if (dropped === "more") return true;
      this.#toTrim.delete(session);
      if (performance.now() > until && this.#toTrim.size > 0) return true;
    }
    return false;
  }

  #dropAudit(): boolean {
    if (!this.#auditDue) return false;
    const { store, keepAuditMs, archive } = this.#options;
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
    const dropped = store.transaction(() => {
      const { audit } = store;
      const known = audit.dropBefore(ago(keepAuditMs), auditRowsMax, archive?.auditThrough);
      if (archive === undefined) return known;
      return known + audit.dropBefore(ago(keepAuditMs + archive.holdMs), auditRowsMax);
    });
    this.#auditDue = dropped > 0;
    return this.#auditDue;
  }

  #wipe(): boolean {
    if (!this.#toWipe) return false;
    const waitMs = this.#wipedAt + wipeEveryMs - performance.now();
    if (waitMs > 0) {
      this.#soon(waitMs);
      return false;
    }
    this.#options.store.forgetNow();
    this.#toWipe = false;
    this.#wipedAt = performance.now();
    return false;
  }

  #vacuum(): boolean {
    const given = this.#options.store.giveBack(vacuumPages, freePagesMin);
    // The file itself shrinks when the log is emptied.
    if (given !== "none") this.#toWipe = true;
    return given !== "none";
  }
}
