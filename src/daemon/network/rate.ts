/** So many attempts from one address in a minute. */
import { HacsError } from "../../protocol/errors.ts";

const spanMs = 60_000;
const addressesMax = 10_000;

export class Rate {
  readonly #most: number;
  /** When each address tried in the last minute; the one that began first is first. */
  readonly #attempts = new Map<string, number[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts an attempt. Throws `rate-limited` when it is one too many. */
  count(address: string): void {
    const now = performance.now();
    const recent = (this.#attempts.get(address) ?? []).filter((at) => now - at < spanMs);
    this.#attempts.delete(address);
    if (this.#attempts.size >= addressesMax) {
      const [oldest = ""] = this.#attempts.keys();
      this.#attempts.delete(oldest);
    }
    this.#attempts.set(address, recent);
    if (recent.length >= this.#most) {
      throw new HacsError(
        "rate-limited",
        `${this.#most} attempts a minute are taken from one address.`,
        "Wait a minute.",
      );
    }
    recent.push(now);
  }
}
