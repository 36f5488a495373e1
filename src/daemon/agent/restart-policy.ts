/**
 * When a crashed agent is started again: at once for the first few times in a short while, then
 * ever later, so that one that can't live does not keep the machine busy. Pure.
 */
const freeRestarts = 5;
const windowMs = 30_000;
const firstDelayMs = 10_000;
const delayMaxMs = 300_000;

export class RestartPolicy {
  #recent: number[] = [];
  #delays = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Notes a crash at `nowMs` and gives how long to wait before the next start. */
  delayAfterCrash(nowMs: number): number {
    const last = this.#recent.at(-1);
    if (last !== undefined && nowMs - last > delayMaxMs + delayMaxMs / 5) this.#delays = 0;
    this.#recent = [...this.#recent.filter((at) => nowMs - at < windowMs), nowMs];
    if (this.#delays === 0 && this.#recent.length <= freeRestarts) return 0;
    const delay = Math.min(firstDelayMs * 2 ** this.#delays, delayMaxMs);
    this.#delays++;
    // Up to a fifth more, so that many sessions do not all start in the same moment.
    return Math.round(delay * (1 + this.#random() / 5));
  }

  /** A person started it by hand, or it has proved to live. */
  reset(): void {
    this.#recent = [];
    this.#delays = 0;
  }
}
