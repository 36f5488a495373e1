/** The longest that a timer of Node's takes; a longer one would ring at once. */
const timerMsMax = 2 ** 31 - 1;

/** Calls back once after `ms`, however long that is; gives how to stop it. */
export function afterMs(ms: number, ring: () => void, keepsAlive = true): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number) => {
    const stepMs = Math.min(leftMs, timerMsMax);
    timer = setTimeout(() => (stepMs < leftMs ? wait(leftMs - stepMs) : ring()), stepMs);
    if (!keepsAlive) timer.unref();
  };
  wait(Math.max(0, ms));
  return () => clearTimeout(timer);
}
