/**
 * Codes that a person reads from one screen and gives to a phone or a peer, which exchanges them
 * for a token. A code is short, so it lives for minutes, works once, and a few wrong guesses end all
 * that are open. They are in memory alone: a daemon that ends takes them along.
 */
import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import type { Grant } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";

/** Crockford's base 32: nothing that looks like something else. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeLength = 10;
const lifeMs = 5 * 60_000;
const openMax = 16;
/** Wrong guesses at the codes that are open; 32^10 codes there are. */
const guessesMax = 10;

interface Open {
  hash: Buffer;
  grant: Grant;
  /** No date: setting the clock back makes no code live longer. */
  endsAtMs: number;
}

export class Pairing {
  #open: Open[] = [];
  #wrong = 0;

  offer(grant: Grant): { code: string; expiresAt: string } {
    this.#forgetOld();
    if (this.#open.length === 0) this.#wrong = 0;
    if (this.#open.length >= openMax) {
      throw new HacsError(
        "queue-full",
        `${openMax} pairing codes at most are open at a time, and as many are.`,
        "Use one of them, or wait: each is gone after five minutes.",
      );
    }
    const letters = Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]);
    const code = `${letters.slice(0, 5).join("")}-${letters.slice(5).join("")}`;
    this.#open.push({ hash: hashOf(code), grant, endsAtMs: performance.now() + lifeMs });
    return { code, expiresAt: new Date(Date.now() + lifeMs).toISOString() };
  }

  /** What the code is good for; from here on it is good for nothing. Throws `pairing-failed`. */
  take(code: string): Grant {
    this.#forgetOld();
    const hash = hashOf(code);
    const found = this.#open.filter((open) => timingSafeEqual(open.hash, hash))[0];
    if (found !== undefined) {
      this.#open = this.#open.filter((open) => open !== found);
      return found.grant;
    }
    if (++this.#wrong >= guessesMax) this.#open = [];
    throw new HacsError(
      "pairing-failed",
      "The pairing code is wrong, was used before or is older than five minutes.",
      "Ask for a new one: hacs-session pair",
    );
  }

  #forgetOld(): void {
    this.#open = this.#open.filter(({ endsAtMs }) => endsAtMs > performance.now());
  }
}

/** As it is typed: in small letters, without the dash, with an O for a zero. */
function hashOf(code: string): Buffer {
  const plain = code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  return createHash("sha256").update(plain).digest();
}
