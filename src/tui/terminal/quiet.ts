/** Time in which nothing comes from the terminal. */

/** Runs `then` after that time, unless it is called off. */
export type After = (ms: number, then: () => void) => () => void;

/**
 * Not before what has come meanwhile is read: a process that was busy for longer finds its timers
 * due first, and the rest of a key waiting behind them.
 */
export const afterReading: After = (ms, then) => {
  let reading: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    reading = setImmediate(then);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(reading);
  };
};
