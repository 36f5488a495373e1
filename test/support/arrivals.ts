/** What came to a client of a test, in order, and the wait for one of them. */
import { within } from "./eventually.ts";

export class Arrivals<T> {
  readonly all: T[] = [];
  readonly #watchers = new Set<() => void>();

  push(...arrived: T[]): void {
    this.all.push(...arrived);
    for (const look of [...this.#watchers]) look();
  }

  /** The first, past or to come, that is what the test looks for; `from` leaves earlier ones out. */
  readonly until = (what: string, is: (one: T) => boolean, from = 0): Promise<T> => {
    let looked = from;
    const found = new Promise<T>((resolve) => {
      const look = () => {
        for (; looked < this.all.length; looked++) {
          const one = this.all[looked] as T;
          if (!is(one)) continue;
          this.#watchers.delete(look);
          return resolve(one);
        }
      };
      this.#watchers.add(look);
      look();
    });
    return within(found, { what, seen: () => JSON.stringify(this.all.slice(-3)).slice(0, 900) });
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire is what the test looks at
export type Frame = any;

/** The answer to a request of JSON-RPC. */
export function answerIn(arrivals: Arrivals<Frame>, id: number | string, from = 0): Promise<Frame> {
  const is = (frame: Frame) => frame.id === id && frame.method === undefined;
  return arrivals.until(`an answer to ${id}`, is, from);
}
