/** By the timer of this process, whatever stands in its place; nothing is kept alive but by it. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
