/**
 * How late the event loop is: how much longer than asked for a timer takes. Of the minute before
 * this one and what there is of this, whichever is worse, however often and by whom it is read.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Seldom enough to cost nothing, and often enough that a stall of that length is met. */
const resolutionMs = 50;
const windowMs = 60_000;
const nsInMs = 1e6;

export interface Delay {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #before: Delay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#before = this.#now();
      this.#histogram.reset();
    }, windowMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  read(): Delay {
    const [now, before] = [this.#now(), this.#before];
    return {
      p50Ms: Math.max(now.p50Ms, before.p50Ms),
      p99Ms: Math.max(now.p99Ms, before.p99Ms),
      maxMs: Math.max(now.maxMs, before.maxMs),
    };
  }

  #now(): Delay {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    const late = (ns: number) => Math.max(0, Math.round((ns / nsInMs - resolutionMs) * 100) / 100);
    return {
      p50Ms: late(histogram.percentile(50)),
      p99Ms: late(histogram.percentile(99)),
      maxMs: late(histogram.max),
    };
  }
}
