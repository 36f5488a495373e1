/** Waits for what a test knows will come. A generous deadline turns a hang into a message. */
import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** What is awaited, as the failure names it: "the daemon is gone". */
  what: string;
  timeoutMs?: number;
  everyMs?: number;
}

export const deadlineMs = 30_000;

/**
 * Asks until the answer is neither undefined, null nor false, and gives it. A throw counts as
 * "not yet", and the last one is shown when the deadline passes.
 */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  { what, timeoutMs = deadlineMs, everyMs = 20 }: EventuallyOptions,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      last = answer;
      if (answer !== undefined && answer !== null && answer !== false)
        return answer as NonNullable<Exclude<T, false>>;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}. Last seen: ${seen}`);
    }
    await sleep(everyMs);
  }
}

export interface WithinOptions {
  what: string;
  timeoutMs?: number;
  /** Asked when the deadline has passed, for the message. */
  seen?: () => string;
}

/** The same deadline for something that is already a promise. */
export async function within<T>(
  promise: Promise<T>,
  { what, timeoutMs = deadlineMs, seen }: WithinOptions,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const last = seen === undefined ? "" : ` Last seen: ${seen()}`;
      reject(new Error(`Waited ${timeoutMs} ms in vain for: ${what}.${last}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
