/**
 * A browser's WebSocket can't send a header, and a token must not stand in a URL. So a page gets a
 * ticket for its token, which counts once and for seconds: worth nothing in any log it may end in.
 */
import { randomBytes } from "node:crypto";
import { HacsError } from "../../protocol/errors.ts";

const lifeMs = 30_000;
const openMax = 10_000;

export class Tickets {
  /** The oldest first. When one ends is no date: setting the clock back makes none live longer. */
  readonly #open = new Map<string, { token: string; endsAtMs: number }>();

  issue(token: string): { ticket: string; expiresAt: string } {
    const nowMs = performance.now();
    for (const [ticket, { endsAtMs }] of this.#open) {
      if (endsAtMs > nowMs && this.#open.size < openMax) break;
      this.#open.delete(ticket);
    }
    const ticket = randomBytes(32).toString("base64url");
    this.#open.set(ticket, { token, endsAtMs: nowMs + lifeMs });
    return { ticket, expiresAt: new Date(Date.now() + lifeMs).toISOString() };
  }

  /** The id of the token that it stands for; it is used up. Throws `unauthenticated`. */
  take(ticket: string): string {
    const found = this.#open.get(ticket);
    this.#open.delete(ticket);
    if (found !== undefined && found.endsAtMs > performance.now()) return found.token;
    throw new HacsError(
      "unauthenticated",
      "The ticket is unknown, was used before or is older than 30 seconds.",
      "Get a new one: POST /v1/tickets",
    );
  }
}
