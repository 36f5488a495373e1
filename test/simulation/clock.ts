/**
 * The time of a simulation, and whose it is. It takes the place of the timers and the clock of this
 * process, so that the program under test runs as it is. Every callback belongs to a process; one
 * that is dead is called back no more, one that is stopped when it goes on. What one callback
 * leads to within itself (promises, streams) is through before the next begins.
 */

/** One simulated process: the daemon, an agent, a client. */
export class Actor {
  readonly name: string;
  alive = true;
  #stopped = false;
  readonly #clock: Clock;
  readonly #due: Entry[] = [];

  constructor(clock: Clock, name: string) {
    this.#clock = clock;
    this.name = name;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** SIGKILL: not one more step. */
  kill(): void {
    this.alive = false;
    this.#due.length = 0;
  }

  /** SIGSTOP, and SIGCONT: what came due meanwhile is done then, in its order. */
  stop(): void {
    this.#stopped = true;
  }

  continue(): void {
    this.#stopped = false;
    for (const entry of this.#due.splice(0)) this.#clock.again(entry);
  }

  keep(entry: Entry): void {
    this.#due.push(entry);
  }

  /** Does something as this process, now. */
  do(work: () => void): void {
    this.#clock.in(this, 0, work);
  }
}

interface Entry {
  at: number;
  order: number;
  owner: Actor;
  callback: (() => void) | undefined;
  everyMs: number | undefined;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  Date: globalThis.Date,
  now: performance.now.bind(performance),
};

/** So that all that a callback led to is done: the real loop turns once. */
const settled = () => new Promise<void>((resolve) => real.setImmediate(resolve));

const begin = Date.UTC(2030, 0, 1);

export class Clock {
  nowMs = 0;
  /** The wall clock's difference: somebody set it, or the machine slept. */
  #wallMs = 0;
  #order = 0;
  readonly #heap: Entry[] = [];
  /** Nobody's: the world itself. */
  readonly world: Actor = new Actor(this, "world");
  #current: Actor = this.world;
  /** A callback threw, as nobody should: whose it was ends. */
  onThrow: (owner: Actor, error: unknown) => void = (_, error) => {
    throw error;
  };
  steps = 0;

  get owner(): Actor {
    return this.#current;
  }

  get wallMs(): number {
    return begin + Math.floor(this.nowMs) + this.#wallMs;
  }

  jump(ms: number): void {
    this.#wallMs += ms;
  }

  in(owner: Actor, ms: number, callback: () => void, everyMs?: number): Entry {
    const entry = { at: this.nowMs + ms, order: this.#order++, owner, callback, everyMs };
    if (owner.alive) this.#push(entry);
    return entry;
  }

  again(entry: Entry): void {
    this.#push({ ...entry, at: this.nowMs, order: this.#order++ });
  }

  /** Lets the time pass until the condition holds. False when it did not within `limitMs`. */
  async run(until: () => boolean, limitMs: number): Promise<boolean> {
    const deadline = this.nowMs + limitMs;
    while (!until()) {
      const entry = this.#pop();
      if (entry === undefined || entry.at > deadline) {
        if (entry !== undefined) this.#push(entry);
        this.nowMs = deadline;
        return until();
      }
      await this.#step(entry);
    }
    return true;
  }

  async #step(entry: Entry): Promise<void> {
    const { owner, callback, everyMs } = entry;
    if (callback === undefined || !owner.alive) return;
    this.nowMs = Math.max(this.nowMs, entry.at);
    if (owner.stopped) return owner.keep(entry);
    this.steps++;
    this.#current = owner;
    try {
      callback();
    } catch (error) {
      this.onThrow(owner, error);
    }
    await settled();
    this.#current = this.world;
    if (everyMs === undefined || entry.callback === undefined || !owner.alive) return;
    entry.at = this.nowMs + everyMs;
    entry.order = this.#order++;
    this.#push(entry);
  }

  /** Stands in for this process's own clock until the returned function is called. */
  install(): () => void {
    const clock = this;
    const timer = (entry: Entry) => ({
      entry,
      ref: () => timer(entry),
      unref: () => timer(entry),
      hasRef: () => true,
      [Symbol.toPrimitive]: () => entry.order,
    });
    const clear = (given: { entry?: Entry } | undefined) => {
      if (given?.entry !== undefined) given.entry.callback = undefined;
    };
    type Callback = (...args: unknown[]) => void;
    const global = globalThis as unknown as Record<string, unknown>;
    global.setTimeout = (callback: Callback, ms = 0, ...args: unknown[]) =>
      timer(clock.in(clock.owner, Math.max(1, ms), () => callback(...args)));
    global.setInterval = (callback: Callback, ms = 0, ...args: unknown[]) =>
      timer(clock.in(clock.owner, Math.max(1, ms), () => callback(...args), Math.max(1, ms)));
    global.setImmediate = (callback: Callback, ...args: unknown[]) =>
      timer(clock.in(clock.owner, 0, () => callback(...args)));
    for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) global[name] = clear;
    performance.now = () => clock.nowMs;
    global.Date = class extends real.Date {
      constructor(...given: number[]) {
        super(...((given.length === 0 ? [clock.wallMs] : given) as [number]));
      }
      static override now(): number {
        return clock.wallMs;
      }
    };
    return () => {
      const { now, ...others } = real;
      Object.assign(globalThis, others);
      performance.now = now;
    };
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(entry, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || top === last) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1]!, heap[down]!)) down++;
      if (!before(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return top;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
