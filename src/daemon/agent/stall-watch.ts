/**
 * Sees an agent that lives and does not answer. Only while something is expected of it: then it is
 * asked a small thing now and again. Anything that is heard from it counts as an answer, and only
 * time in which this process itself was at work counts as waiting: a machine that was suspended, a
 * daemon that was stopped or a clock that was set wrong makes no agent a stalled one. An agent
 * that was stopped with a signal can't answer, and is not given the time.
 */
import { isStopped, type ProcessIdentity } from "../../system/process-identity.ts";

export interface StallWatchPort {
  identity: () => ProcessIdentity | undefined;
  /** Whether a turn runs, or something waits for the agent. */
  expected: () => boolean;
  /** Resolves or rejects with whatever it answers. */
  ask: () => Promise<unknown>;
  onStall: (reason: string) => void;
  onAnswer: () => void;
}

const tickMs = 5_000;
/** A tick that comes later than this was not waited for all the while. */
const tickMostMs = 2 * tickMs;
/** So many looks in a row have to find it stopped: a debugger stops it for a moment, too. */
const stoppedTicks = 2;

export class StallWatch {
  readonly #port: StallWatchPort;
  readonly #afterMs: number;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<unknown> | undefined;
  #waitedMs = 0;
  #stopped = 0;
  #tickedAt = 0;
  #since: string | undefined;

  constructor(port: StallWatchPort, afterMs: number) {
    this.#port = port;
    this.#afterMs = afterMs;
  }

  /** Since when it does not answer; undefined as long as it does. */
  get since(): string | undefined {
    return this.#since;
  }

  /** What is expected of it may have changed. */
  consider(): void {
    if (this.#timer !== undefined || !this.#port.expected()) return;
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), Math.min(tickMs, this.#afterMs / 2));
    this.#timer.unref();
  }

  /** It said something. */
  heard(): void {
    this.#waitedMs = 0;
    this.#stopped = 0;
    if (this.#since === undefined) return;
    this.#since = undefined;
    this.#port.onAnswer();
  }

  /** There is no agent any more, or another one. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#asking = undefined;
    this.#waitedMs = 0;
    this.#stopped = 0;
    this.#since = undefined;
  }

  #tick(): void {
    const now = performance.now();
    const passedMs = now - this.#tickedAt;
    this.#tickedAt = now;
    // One that stalled is asked on, so that it is told when it answers again.
    if (!this.#port.expected() && this.#since === undefined) return this.end();
    if (this.#asking === undefined) return this.#ask();
    if (passedMs > tickMostMs) return;
    this.#waitedMs += passedMs;
    const identity = this.#port.identity();
    this.#stopped = identity !== undefined && isStopped(identity) ? this.#stopped + 1 : 0;
    if (this.#since !== undefined) return;
    if (this.#stopped >= stoppedTicks) this.#stall("its process was stopped by a signal");
    else if (this.#waitedMs >= this.#afterMs)
      this.#stall(`it did not answer within ${Math.round(this.#afterMs / 1000)} s`);
  }

  #ask(): void {
    const asking = this.#port.ask();
    this.#asking = asking;
    this.#waitedMs = 0;
    const answered = () => {
      if (this.#asking !== asking) return;
      this.#asking = undefined;
      this.heard();
    };
    asking.then(answered, answered);
  }

  #stall(reason: string): void {
    this.#since = new Date(Date.now() - this.#waitedMs).toISOString();
    this.#port.onStall(reason);
  }
}
