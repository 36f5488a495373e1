/**
 * Keeps a link that this daemon dials: tries, waits longer after each failure and by chance a
 * little more or less (a daemon that comes back is not met by all at once), and begins anew when
 * a link that worked is lost.
 */

import { Connection } from "../../client/connection.ts";
import { greet, userName } from "../../client/dial.ts";
import type { Link } from "../../client/link.ts";
import { openTransport, readUrl } from "../../client/transport.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { version } from "../../system/version.ts";
import { inspectDepth } from "./peer.ts";

const waitFirstMs = 250;
const waitMaxMs = 30_000;
const attemptMs = 15_000;
/** A link that lasted this long has proven itself. */
const provenMs = 10_000;

export interface DialerOptions {
  url: string;
  token: () => string | undefined;
  ca: string | undefined;
  remoteCommand: string | undefined;
  /** What this daemon calls itself. */
  name: string;
  /** Makes a link of a connection; `daemon` is the id at its other end. */
  link: (
    connection: Connection,
    daemon: string,
    onClose: (error: HacsError) => void,
  ) => Promise<Link>;
  onFailed: (error: HacsError) => void;
  /** Whether an attempt is under way. */
  onTrying: (trying: boolean) => void;
}

export class Dialer {
  readonly #options: DialerOptions;
  #stopped = false;
  #waitMs = waitFirstMs;
  #pausing = false;
  #wake: () => void = () => {};
  #link: Link | undefined;
  /** Settles with the end of the first attempt. */
  readonly tried: Promise<HacsError | undefined>;
  #onTried: (error: HacsError | undefined) => void = () => {};

  constructor(options: DialerOptions) {
    this.#options = options;
    this.tried = new Promise((resolve) => {
      this.#onTried = resolve;
    });
  }

  start(): void {
    void this.#run();
  }

  /** Does not wait any longer. */
  retry(): void {
    if (!this.#pausing) return;
    this.#options.onTrying(true);
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#link?.close("this side is done");
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#options.onTrying(true);
      const lost = Promise.withResolvers<HacsError>();
      const beganAt = performance.now();
      try {
        this.#link = await this.#attempt(lost.resolve);
        this.#options.onTrying(false);
        this.#onTried(undefined);
        await lost.promise;
        if (performance.now() - beganAt > provenMs) this.#waitMs = waitFirstMs;
      } catch (error) {
        const failure = asHacs(error);
        this.#options.onFailed(failure);
        this.#options.onTrying(false);
        this.#onTried(failure);
      }
      this.#link = undefined;
      if (!this.#stopped) await this.#pause();
    }
  }

  async #attempt(onClose: (error: HacsError) => void): Promise<Link> {
    const { url, token, ca, remoteCommand, name, link } = this.#options;
    const stream = await openTransport(readUrl(url), {
      token: token(),
      ca,
      remoteCommand,
      timeoutMs: attemptMs,
    });
    const connection = new Connection(stream, inspectDepth);
    const client = { kind: "peer", version, user: userName(), from: name };
    const { daemon } = await greet(connection, client, attemptMs);
    try {
      if (typeof daemon?.id !== "string" || !/^[0-9a-f]{32}$/.test(daemon.id)) throw tooOld(url);
      const made = await link(connection, daemon.id, onClose);
      if (this.#stopped) made.close("this side is done");
      return made;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #pause(): Promise<void> {
    const waitMs = this.#waitMs * (0.5 + Math.random() / 2);
    this.#waitMs = Math.min(this.#waitMs * 2, waitMaxMs);
    this.#pausing = true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#pausing = false;
  }
}

function tooOld(url: string): HacsError {
  return new HacsError(
    "remote-missing",
    `The daemon at ${url} is too old to be a peer.`,
    "Update hacs-session there, then: hacs-session daemon restart",
  );
}

function asHacs(error: unknown): HacsError {
  if (error instanceof HacsError) return error;
  return new HacsError("peer-unreachable", `It can't be reached: ${messageOf(error)}.`);
}
