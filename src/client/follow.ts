/**
 * Follows a session for as long as the caller likes: attaches, hands over every event in order,
 * and when the connection breaks, dials again and goes on after the last record it handed over.
 * So the caller sees each record once, whatever dies in between.
 */
import { type ErrorCode, HacsError } from "../protocol/errors.ts";
import type { Params, Result } from "../protocol/methods.ts";
import type { SessionEvent } from "../protocol/records.ts";
import type { Connection } from "./connection.ts";

export interface FollowOptions {
  /** Dials a daemon, starting one if need be. */
  dial: () => Promise<Connection>;
  attach: Params<"session/attach">;
  onEvent: (event: SessionEvent) => void;
  /** Called after each successful attach, the first included; events follow. */
  onAttached?: (result: Result<"session/attach">, connection: Connection) => void;
  /** Called when the connection is gone and a new one is sought. */
  onDisconnected?: (error: HacsError) => void;
  /** An attempt to come back failed; the next one follows. */
  onStillAway?: (error: HacsError) => void;
  /** False: a lost connection ends the follower. Default true. */
  reconnect?: boolean;
}

const retryFirstMs = 50;
const retryMaxMs = 2_000;

export class Follower {
  readonly #options: FollowOptions;
  #connection: Connection | undefined;
  #sessionId: string | undefined;
  #cursor: number | undefined;
  #stopped = false;
  #wakeRetry: () => void = () => {};
  /** Settles when the follower has ended: with the error that ended it, or undefined after stop(). */
  readonly ended: Promise<HacsError | undefined>;
  #settle: (error: HacsError | undefined) => void = () => {};

  constructor(options: FollowOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** The connection in use, for calls beside the events; undefined while there is none. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Resolves after the first attach. Throws when that fails: then nothing goes on. */
  start(): Promise<Result<"session/attach">> {
    return this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#wakeRetry();
    this.#connection?.close();
    this.#settle(undefined);
  }

  /** A connection that can't be attached is closed again: each retry would leave one behind. */
  async #connect(): Promise<Result<"session/attach">> {
    const connection = await this.#options.dial();
    try {
      return await this.#attach(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #attach(connection: Connection): Promise<Result<"session/attach">> {
    const { attach, onEvent, onAttached } = this.#options;
    const early: SessionEvent[] = [];
    let attached = false;
    const deliver = (event: SessionEvent) => {
      if (this.#stopped || (this.#sessionId !== undefined && event.session !== this.#sessionId))
        return;
      if (event.seq !== undefined) {
        if (this.#cursor !== undefined && event.seq <= this.#cursor) return;
        this.#cursor = event.seq;
      }
      onEvent(event);
    };
    connection.onNotification = (method, params) => {
      if (method !== "session/event") return;
      const event = params as unknown as SessionEvent;
      if (attached) deliver(event);
      else early.push(event);
    };
    connection.onClose = (error) => this.#lost(error);
    const { last: _last, ...again } = attach;
    // A session keeps its id when it is renamed while the client was away.
    const result = await connection.call(
      "session/attach",
      this.#cursor === undefined
        ? attach
        : { ...again, name: this.#sessionId ?? attach.name, after: this.#cursor },
    );
    // The connection, or the wish for it, may have ended while the answer was on its way.
    if (this.#stopped || connection.closed)
      throw new HacsError("daemon-unreachable", "The connection ended while it was attached.");
    this.#connection = connection;
    this.#sessionId = result.session.id;
    this.#cursor ??= attach.after ?? (attach.last === undefined ? result.head : undefined);
    attached = true;
    onAttached?.(result, connection);
    for (const event of early) deliver(event);
    return result;
  }

  #lost(error: HacsError): void {
    const wasAttached = this.#connection !== undefined;
    this.#connection = undefined;
    if (this.#stopped || !wasAttached) return;
    if (this.#options.reconnect === false || isLasting(error)) return void this.#settle(error);
    this.#options.onDisconnected?.(error);
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    for (let waitMs = retryFirstMs; !this.#stopped; waitMs = Math.min(waitMs * 2, retryMaxMs)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wakeRetry = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (this.#stopped) return;
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (!(error instanceof HacsError)) continue;
        if (isLasting(error)) return void this.#settle(error);
        this.#options.onStillAway?.(error);
      }
    }
  }
}

/** What stays as it is however long one waits: a person has to see to it. */
const LASTING = new Set<ErrorCode>([
  "config-invalid",
  "protocol-version",
  "state-damaged",
  "state-newer",
]);

/**
 * A daemon that is away may come back; a session that is gone, or a cursor that no history
 * reaches any more, does not.
 */
function isLasting(error: HacsError): boolean {
  return [2, 3, 7].includes(error.exitCode) || LASTING.has(error.code);
}
