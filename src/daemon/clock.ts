import { afterMs } from "../system/after-ms.ts";

/**
 * Time as durations have it: it only grows, whatever is done to the clock on the wall, and stands
 * still while the machine is suspended. What has to outlive the daemon is a date, and is turned
 * into a duration once, when the daemon meets it.
 */
export interface Clock {
  nowMs(): number;
  /** Calls back once after `ms`; gives how to stop it. A timer keeps no process alive. */
  after(ms: number, ring: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (ms, ring) => afterMs(ms, ring, false),
};

/** One thing to be done later, which may be put off or called off. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #stop: (() => void) | undefined;
  #atMs = 0;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** How long until it rings; null when it is not set. */
  get leftMs(): number | null {
    return this.#stop === undefined ? null : Math.max(0, this.#atMs - this.#clock.nowMs());
  }

  set(ms: number): void {
    this.clear();
    this.#atMs = this.#clock.nowMs() + ms;
    this.#stop = this.#clock.after(ms, () => {
      this.#stop = undefined;
      this.#ring();
    });
  }

  clear(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** How long ago a date of the wall's clock was: nothing when that clock was set back since. */
export function sinceMs(at: string): number {
  return Math.max(0, Date.now() - Date.parse(at));
}
