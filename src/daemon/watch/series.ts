/**
 * Counts by label, kept from the daemon's start whether anybody asks for them or not: an addition
 * each time something happens. `metrics.ts` tells them to Prometheus.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels: Labels;
  value: number;
}

export class Counts {
  readonly #samples = new Map<string, Sample>();

  add(labels: Labels, value = 1): void {
    const key = keyOf(labels);
    const sample = this.#samples.get(key);
    if (sample === undefined) this.#samples.set(key, { labels, value });
    else sample.value += value;
  }

  all(): Sample[] {
    return [...this.#samples.values()];
  }

  /** By one label, all others together. */
  by(label: string): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { labels, value } of this.#samples.values()) {
      const name = labels[label] ?? "";
      sums[name] = (sums[name] ?? 0) + value;
    }
    return sums;
  }
}

export interface Spread {
  labels: Labels;
  /** How many were at most each bound, and above the one before it; the last are above all. */
  buckets: number[];
  sum: number;
  count: number;
}

export class Distribution {
  readonly bounds: readonly number[];
  readonly #spreads = new Map<string, Spread>();

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  observe(labels: Labels, value: number): void {
    const key = keyOf(labels);
    let spread = this.#spreads.get(key);
    if (spread === undefined) {
      spread = { labels, buckets: Array(this.bounds.length + 1).fill(0), sum: 0, count: 0 };
      this.#spreads.set(key, spread);
    }
    const at = this.bounds.findIndex((bound) => value <= bound);
    const place = at === -1 ? this.bounds.length : at;
    spread.buckets[place] = (spread.buckets[place] ?? 0) + 1;
    spread.sum += value;
    spread.count++;
  }

  all(): Spread[] {
    return [...this.#spreads.values()];
  }

  /** How many, by one label. */
  by(label: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { labels, count } of this.#spreads.values()) {
      const name = labels[label] ?? "";
      counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  }
}

function keyOf(labels: Labels): string {
  return Object.values(labels).join("\0");
}

/** Keeps a label from having any number of values: what comes late goes by `other`. */
export class Few {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return "other";
    this.#known.add(value);
    return value;
  }
}
