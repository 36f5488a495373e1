/**
 * How many messages a client may send: a bucket of tokens for each, that holds a minute's worth
 * and fills evenly. A burst goes through; a program that runs in circles does not.
 */
import { HacsError } from "../protocol/errors.ts";
import type { Actor } from "../protocol/session.ts";
import type { Identity } from "./client.ts";
import type { Clock } from "./clock.ts";

const spanMs = 60_000;
/** Buckets that are full say nothing; with more than this many those are dropped. */
const bucketsMax = 10_000;

interface Bucket {
  /** In messages times `spanMs`, so that a millisecond adds a whole number. */
  credit: number;
  atMs: number;
}

export class MessageRate {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Takes a message's token. Gives `rate-limited`, with `retryAfterMs`, when there is none. */
  take(client: string): HacsError | undefined {
    const bucket = this.#filled(client);
    if (bucket.credit < spanMs) {
      const retryAfterMs = Math.ceil((spanMs - bucket.credit) / this.#perMinute);
      return new HacsError(
        "rate-limited",
        `A client sends at most ${this.#perMinute} messages a minute (maxMessagesPerMinute), and this one did.`,
        `Send it again in ${retryAfterMs} ms; nothing of it was stored.`,
        { retryAfterMs },
      );
    }
    bucket.credit -= spanMs;
    return undefined;
  }

  #filled(client: string): Bucket {
    const atMs = this.#clock.nowMs();
    const full = this.#perMinute * spanMs;
    const before = this.#buckets.get(client) ?? { credit: full, atMs };
    const gained = (atMs - before.atMs) * this.#perMinute;
    const bucket = { credit: Math.min(full, before.credit + gained), atMs };
    // What was used last is last, so the first ones are those that filled up longest ago.
    this.#buckets.delete(client);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size < bucketsMax) break;
      this.#buckets.delete(oldest);
    }
    this.#buckets.set(client, bucket);
    return bucket;
  }
}

/**
 * Who counts as one client: a token; a peer with all who come over its link; else the user's
 * programs of one kind from one place. Each run of the command line is a process of its own, and
 * a loop around it is one that may run in circles, so pids don't count; what the user types into a
 * terminal is of another kind, and is not kept waiting by it.
 */
export function clientKey({ access, neighbour }: Identity, actor: Actor): string {
  if (access.token !== null) return `token ${access.token}`;
  if (neighbour !== undefined) return `peer ${neighbour.id}`;
  return `${actor.kind} ${actor.user} ${actor.from.replace(/^pid \d+$/, "")}`;
}
