/**
 * How many agents run at once. Whoever wants to run one takes a slot, and gives it back when the
 * agent is gone. Where none is free, the agent that has rested longest makes room; where none
 * rests, those who want one stand in one line, whoever woke them, and the first in it gets the next
 * slot. Nothing here waits for a time: every change of a session that may matter is told.
 *
 * An agent that an earlier daemon left running is there already, so it is counted and not asked;
 * only then there may be more than `max`, until enough of them rest.
 */
export interface Holder {
  /** Since when it could go to sleep for another's sake; undefined while it can't. */
  readonly restingSinceMs: number | undefined;
  /** Has it give its slot back, unless it can't after all; says whether it did. */
  makeRoom(): Promise<boolean>;
  /** Its place in the line is another, or it is in it no more. */
  onPlace(): void;
}

interface Waiting {
  holder: Holder;
  /** Nobody is about to make room for it. */
  stuck: boolean;
  enter: () => void;
  leave: () => void;
}

export class Slots {
  readonly max: number;
  readonly #running = new Set<Holder>();
  #line: Waiting[] = [];
  /** Those of the running that were asked to make room. */
  readonly #leaving = new Set<Holder>();
  /** Those that could not, until they rest anew. */
  readonly #declined = new Set<Holder>();

  constructor(max: number) {
    this.max = max;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Whether somebody stands in line for whom nobody makes room. */
  get wanted(): boolean {
    return this.#line.some(({ stuck }) => stuck);
  }

  /** From 1, for who has to wait; undefined for who runs, wants nothing, or is about to enter. */
  place(holder: Holder): number | undefined {
    const index = this.#line.findIndex((waiting) => waiting.holder === holder);
    return this.#line[index]?.stuck ? index + 1 : undefined;
  }

  /** Resolves true when it has its slot, false when it gave up waiting. */
  take(holder: Holder): Promise<boolean> {
    if (this.#running.has(holder)) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#line.push({
        holder,
        stuck: false,
        enter: () => resolve(true),
        leave: () => resolve(false),
      });
      this.#settle();
    });
  }

  /** Its agent runs already. */
  hold(holder: Holder): void {
    this.#running.add(holder);
    this.#settle();
  }

  /** Its agent is gone, or will not be started. */
  give(holder: Holder): void {
    this.#declined.delete(holder);
    this.#leaving.delete(holder);
    if (this.#running.delete(holder)) this.#settle();
  }

  /** It wants none any more. */
  leave(holder: Holder): void {
    const waiting = this.#line.find((one) => one.holder === holder);
    if (waiting === undefined) return;
    this.#line = this.#line.filter((one) => one !== waiting);
    waiting.leave();
    holder.onPlace();
    this.#settle(true);
  }

  /** It came to rest, or may make room where it could not before. */
  rested(holder: Holder): void {
    this.#declined.delete(holder);
    this.#settle();
  }

  /** `moved`: somebody left the line. */
  #settle(moved = false): void {
    const before = this.#line.map(({ stuck }) => stuck);
    let entered = 0;
    while (this.#line.length > 0 && this.#running.size < this.max) {
      const first = this.#line.shift() as Waiting;
      this.#running.add(first.holder);
      first.enter();
      first.holder.onPlace();
      entered++;
    }
    const tooMany = this.#running.size + this.#line.length - this.max - this.#leaving.size;
    for (const holder of this.#longestResting(tooMany)) this.#ask(holder);
    const coming = this.max - this.#running.size + this.#leaving.size;
    for (const [index, waiting] of this.#line.entries()) {
      waiting.stuck ||= index >= coming;
      if (moved || entered > 0 || waiting.stuck !== before[index]) waiting.holder.onPlace();
    }
  }

  #longestResting(count: number): Holder[] {
    if (count <= 0) return [];
    return [...this.#running]
      .filter((holder) => !this.#leaving.has(holder) && !this.#declined.has(holder))
      .flatMap((holder) => {
        const since = holder.restingSinceMs;
        return since === undefined ? [] : [{ holder, since }];
      })
      .sort((a, b) => a.since - b.since)
      .slice(0, count)
      .map(({ holder }) => holder);
  }

  #ask(holder: Holder): void {
    this.#leaving.add(holder);
    void holder
      .makeRoom()
      .catch(() => false)
      .then((did) => {
        this.#leaving.delete(holder);
        if (!did && this.#running.has(holder)) this.#declined.add(holder);
        this.#settle();
      });
  }
}
