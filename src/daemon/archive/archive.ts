/**
 * The archive: a Postgres in which the histories of many daemons are collected. What is committed
 * here is carried there beside everything else; a session never waits for it, and with the
 * network gone all that grows is how far it is behind. Retention asks it how far it is, and what
 * was dropped here is read from there.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { ArchiveStatus } from "../../protocol/archive.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Past } from "../store/record-table.ts";
import type { Store } from "../store/store.ts";
import type { Archived } from "../upkeep/retention.ts";
import { type ArchiveAddress, archiveAddress } from "./address.ts";
import { gather, restMsFor } from "./batch.ts";
import { ArchiveConnection } from "./connect.ts";
import { Reader } from "./reader.ts";
import { prepare } from "./schema.ts";
import { conflictError, Uplink } from "./uplink.ts";

export interface ArchiveOptions {
  url: string;
  passwordFile?: string | undefined;
  holdMs: number;
  /** How long the server may take for an answer, when it is not as `connect.ts` has it. */
  answerTimeoutMs?: number;
  /** What this daemon is called among the others. */
  name: string;
  store: Store;
  log: Logger;
}

/** What comes in a burst goes together. */
const settleMs = 200;
/** What makes no record, as entries of the audit, is looked for so often. */
const roundMs = 5_000;
const firstDelayMs = 500;
const delayMaxMs = 60_000;
const auditAtOnce = 500;

export class Archive implements Archived {
  readonly #reader: Reader;
  readonly holdMs: number;
  readonly past: Past;
  readonly #options: ArchiveOptions;
  readonly #address: ArchiveAddress;
  /** Sessions that may have records which are not there. */
  readonly #grown = new Set<string>();
  /** Those of them that were still being made, and may be ready by the next round. */
  readonly #unready = new Set<string>();
  readonly #conflicts = new Set<string>();
  /** What is known of how far it is; stays true while it is away. */
  #cursors: ReadonlyMap<string, number> = new Map();
  #audited = 0;
  #connection: ArchiveConnection | undefined;
  #state: ArchiveStatus["state"] = "connecting";
  #since = new Date();
  #error: HacsError | undefined;
  #failures = 0;
  #archiveId: string | undefined;
  /** Who waits for a session to be forgotten there. */
  readonly #forgotten = new Map<string, () => void>();
  #wake: () => void = () => {};
  readonly #stop = new AbortController();

  /** Throws `config-invalid`. */
  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.holdMs = options.holdMs;
    this.#address = archiveAddress(options.url, options.passwordFile);
    this.#reader = new Reader(this.#address);
    const place = (session: string) => ({ daemon: options.store.identity, session });
    // Another history than ours is no past of it.
    const own = (session: string) => !this.#conflicts.has(session);
    this.past = {
      after: async (session, ...rest) =>
        own(session) ? this.reached().after(place(session), ...rest) : [],
      before: async (session, ...rest) =>
        own(session) ? this.reached().before(place(session), ...rest) : [],
    };
  }

  start(): void {
    const { store } = this.#options;
    store.past = this.past;
    store.recordListeners.add(this.#onRecords);
    void this.#run();
  }

  stop(): void {
    this.#options.store.recordListeners.delete(this.#onRecords);
    this.#stop.abort();
    this.#wake();
    this.#connection?.close();
    this.#reader.close();
  }

  through(session: string): number {
    return this.#conflicts.has(session) ? 0 : (this.#cursors.get(session) ?? 0);
  }

  get auditThrough(): number {
    return this.#audited;
  }

  status(): ArchiveStatus {
    const { store } = this.#options;
    const behind = store.archive
      .heads()
      .map(({ id, seq }) => seq - (this.#cursors.get(id) ?? 0))
      .filter((records) => records > 0);
    return {
      url: this.#address.shown,
      state: this.#state,
      since: this.#since.toISOString(),
      records: behind.reduce((sum, records) => sum + records, 0),
      sessions: behind.length,
      removals: this.#archiveId === undefined ? 0 : store.archive.removals(this.#archiveId).length,
      error: this.#error
        ? { code: this.#error.code, message: this.#error.message, next: this.#error.next ?? null }
        : null,
      conflicts: [...this.#conflicts],
    };
  }

  /** Resolves when a removed session is forgotten there, too; false when that takes longer. */
  async forgets(session: string, withinMs: number): Promise<boolean> {
    if (this.#state !== "connected") return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const late = setTimeout(() => resolve(false), withinMs);
    this.#forgotten.set(session, () => resolve(true));
    this.#wake();
    const forgotten = await promise;
    clearTimeout(late);
    this.#forgotten.delete(session);
    return forgotten;
  }

  #onRecords = (session: string): void => {
    this.#grown.add(session);
    this.#wake();
  };

  /** What can't be reached is not asked: nobody waits for a time limit. */
  reached(): Reader {
    const { code } = this.#error ?? {};
    if (code === "archive-unreachable" || code === "archive-refused") throw this.#error;
    return this.#reader;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const uplink = await this.#connect();
        for (;;) {
          await this.#drain(uplink);
          this.#worked();
          await this.#rest(roundMs);
          // Whoever said so first has more to say.
          await this.#pause(settleMs);
          for (const session of this.#unready) this.#grown.add(session);
          this.#unready.clear();
        }
      } catch (error) {
        if (this.#stopped) return;
        this.#connection?.close();
        this.#become("away", this.#told(error));
      }
      await this.#pause(backOffMs(this.#failures++));
    }
  }

  /** A server that is there and takes nothing is away all the same. */
  #worked(): void {
    this.#failures = 0;
    this.#become("connected");
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #connect(): Promise<Uplink> {
    const { store, name, answerTimeoutMs } = this.#options;
    const onEnd = () => this.#wake();
    this.#connection = await ArchiveConnection.open(this.#address, { answerTimeoutMs, onEnd });
    const id = await prepare(this.#connection);
    this.#archiveId = id;
    store.archive.know(id);
    const uplink = new Uplink(this.#connection, store);
    await uplink.begin(name);
    this.#cursors = uplink.cursors;
    this.#audited = uplink.audited;
    for (const { id: session, seq } of store.archive.heads())
      if (seq > (uplink.cursors.get(session) ?? 0)) this.#grown.add(session);
    return uplink;
  }

  /** Carries all there is, a batch at a time. */
  async #drain(uplink: Uplink): Promise<void> {
    for (;;) {
      await this.#forgetRemoved(uplink);
      await this.#bringAudit(uplink);
      for (const session of this.#conflicts) this.#grown.delete(session);
      if (this.#grown.size === 0) return;
      const { store } = this.#options;
      const batch = await gather(store, this.#grown, (id) => uplink.cursors.get(id) ?? 0);
      if (batch.sessions.length > 0) {
        for (const session of await uplink.bring(batch)) this.#setAside(session);
        this.#worked();
      }
      for (const session of this.#grown) {
        const seq = store.sessions.get(session)?.seq ?? 0;
        if (seq > (uplink.cursors.get(session) ?? 0)) continue;
        this.#grown.delete(session);
        if (store.archive.isUnready(session)) this.#unready.add(session);
      }
      await this.#pause(restMsFor(this.#options.store));
      this.#refuseEnded();
    }
  }

  async #forgetRemoved(uplink: Uplink): Promise<void> {
    const { store } = this.#options;
    const archive = this.#archiveId ?? "";
    for (const session of store.archive.removals(archive)) {
      await uplink.forget(session);
      store.archive.forgotten(archive, session);
      this.#conflicts.delete(session);
      this.#grown.delete(session);
      this.#forgotten.get(session)?.();
    }
  }

  async #bringAudit(uplink: Uplink): Promise<void> {
    for (;;) {
      const entries = this.#options.store.audit.after(uplink.audited, auditAtOnce);
      if (entries.length === 0) return;
      await uplink.bringAudit(entries);
      this.#audited = uplink.audited;
      await this.#pause(restMsFor(this.#options.store));
    }
  }

  /** One session that is not what the archive has keeps no other from it. */
  #setAside(session: string): void {
    this.#conflicts.add(session);
    this.#options.log.error({ err: conflictError(session), session }, "a session is not archived");
  }

  #become(state: ArchiveStatus["state"], error?: HacsError): void {
    this.#error = error;
    if (this.#state === state) return;
    this.#state = state;
    this.#since = new Date();
    const url = this.#address.shown;
    if (error === undefined) this.#options.log.info({ url }, "the archive is connected");
    else this.#options.log.warn({ url, err: error }, "the archive is away; trying again");
  }

  #told(error: unknown): HacsError {
    if (error instanceof HacsError) return error;
    this.#options.log.error({ err: error }, "archiving met a bug");
    return new HacsError("internal", "Archiving met a bug.", "See the daemon's log.");
  }

  /** Until something is to be done, or the time is over. */
  async #rest(ms: number): Promise<void> {
    if (this.#grown.size === 0 && this.#forgotten.size === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        timer.unref();
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = () => {};
    }
    this.#refuseEnded();
  }

  #refuseEnded(): void {
    if (!this.#stopped && this.#connection?.ended !== true) return;
    throw new HacsError(
      "archive-unreachable",
      `The archive ${this.#address.shown} ended the connection.`,
      "Check that it runs. Nothing is lost: it is kept here and tried again.",
    );
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
  }
}

/** Twice as long each time, and somewhere in it: daemons that lost one server don't come back as one. */
export function backOffMs(failures: number, random: () => number = Math.random): number {
  const most = Math.min(delayMaxMs, firstDelayMs * 2 ** failures);
  return most / 2 + (random() * most) / 2;
}
