/** What every benchmark here shares: its shape, and a few sums. */
export interface Result {
  /** What was measured, as a row of the report. */
  what: string;
  measured: string;
  target: string;
  met: boolean;
  /** The figures behind it. */
  details: string;
}

/** A benchmark compares with a control in the same run, so that the machine cancels out. */
export type Benchmark = () => Promise<Result[]>;

export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values: number[]): number => quantile(values, 0.5);

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs the ways in turn, `rounds` times, after one round that does not count. */
export async function interleaved<K extends string>(
  rounds: number,
  ways: Record<K, () => Promise<number>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(ways) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const took = await ways[name]();
      if (round >= 0) times[name].push(took);
    }
  }
  return times;
}

/** A row that compares medians: `ours` may take at most `most` times as long as `control`. */
export function ratioRow(
  what: string,
  ours: number[],
  control: number[],
  most: number,
  against: string,
): Result {
  const ratio = median(ours) / median(control);
  return {
    what,
    measured: `${ratio.toFixed(2)}×`,
    target: `≤ ${most}×`,
    met: ratio <= most,
    details: `median ${ms(median(ours))}, ${against} ${ms(median(control))}, ${ours.length} interleaved runs`,
  };
}
