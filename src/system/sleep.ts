/** To wait, and to let others have their turn. */

/** By the timer of this process, whatever stands in its place; nothing is kept alive but by it. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Between two pieces of work that take a millisecond each: others are served before the next. */
export function afterOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
