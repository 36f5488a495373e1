/** To wait for others, and not for ever. */

/** Resolves when the work is over, however, or the time is up. */
export async function inTime(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const late = delay(timeoutMs);
  await Promise.race([work.catch(() => {}), late.over]);
  late.cancel();
}

export function delay(ms: number): { over: Promise<undefined>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { over, cancel: () => clearTimeout(timer) };
}
