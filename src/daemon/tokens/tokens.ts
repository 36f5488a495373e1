/**
 * The tokens that let a client in from elsewhere. A token is `hacs_ID_SECRET`; of it only a hash is
 * kept, and its row is found by the id, which is no secret. One that is revoked, or whose time is
 * over, counts no more at once, and the connections that showed it are cut, whether that can be
 * written down or not; its row goes when it can.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Grant, NewToken, TokenInfo } from "../../protocol/access.ts";
import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { Services } from "../services.ts";
import type { Store } from "../store/store.ts";
import { isStoreError, storingIfPossible } from "../store/storing.ts";
import type { TokenRow } from "../store/token-table.ts";

const tokensMax = 10_000;
const secretBytes = 32;
const idBytes = 6;
/** Fewer characters of an id than this are no id. */
const prefixLengthMin = 4;
/** How exactly it is kept when a token was last used. */
const usedEveryMs = 60_000;
/** A timer waits this long at most, so that a machine that was asleep is not long behind. */
const timerMaxMs = 30_000;

export class Tokens {
  /** The token is no more, and who came with it has to go. Gives how many went. */
  onEnd: (id: string, why: HacsError) => number = () => 0;
  readonly #store: Store;
  readonly #log: Services["log"];
  readonly #rows: Map<string, TokenRow>;
  /** Those that are over and whose rows could not be removed yet. */
  readonly #left = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ store, log }: Pick<Services, "store" | "log">) {
    this.#store = store;
    this.#log = log;
    this.#rows = new Map(store.tokens.all().map((row) => [row.id, row]));
    this.#expire();
  }

  issue({ scope, sessions, expiresMs, label }: Grant): NewToken {
    if (this.#rows.size >= tokensMax) {
      throw new HacsError(
        "queue-full",
        `There are ${tokensMax} tokens at most, and as many are there.`,
        "Revoke some: hacs-session token ls",
      );
    }
    const id = randomBytes(idBytes).toString("hex");
    const token = `hacs_${id}_${randomBytes(secretBytes).toString("base64url")}`;
    const now = Date.now();
    const row: TokenRow = {
      id,
      hash: hashOf(token),
      label,
      scope,
      sessions,
      createdAt: new Date(now).toISOString(),
      expiresAt: expiresMs === null ? null : new Date(now + expiresMs).toISOString(),
      usedAt: null,
    };
    this.#store.durably(() => this.#store.tokens.insert(row));
    this.#rows.set(id, row);
    this.#arm();
    return { id, token, scope, sessions, expiresAt: row.expiresAt };
  }

  /** Whose token this is. Throws `unauthenticated`, in the same words whatever is wrong. */
  check(token: string): TokenRow {
    const [, id = ""] = /^hacs_([0-9a-f]+)_/.exec(token) ?? [];
    const row = this.#rows.get(id);
    const isRight = timingSafeEqual(hashOf(token), row?.hash ?? hashOf(""));
    if (row === undefined || !isRight || isOver(row)) throw unauthenticated();
    this.#use(row);
    return row;
  }

  /** The token still counts, for who showed it a moment ago. Throws `unauthenticated`. */
  stillThere(id: string): TokenRow {
    const row = this.#rows.get(id);
    if (row === undefined || isOver(row)) throw unauthenticated();
    return row;
  }

  has(id: string): boolean {
    const row = this.#rows.get(id);
    return row !== undefined && !isOver(row);
  }

  list(): TokenInfo[] {
    return [...this.#rows.values()].map(infoOf);
  }

  /** Throws `token-not-found`; or `state-unwritable`, and then it counts no more all the same. */
  revoke(given: string): { token: TokenInfo; cut: number } {
    const row = this.#find(given);
    const token = infoOf(row);
    const why = new HacsError(
      "unauthenticated",
      "The token that this connection came with was revoked.",
      "Ask for another one.",
    );
    const cut = this.#end(row, why);
    try {
      this.#store.durably(() => this.#remove(row.id));
    } catch (error) {
      if (!isStoreError(error)) throw error;
      throw new HacsError(
        "state-unwritable",
        `The token ${row.id} counts no more and ${cut} connections were cut, but only as long as this daemon runs: ${messageOf(error)}`,
        "Make room on the disk, and revoke it again.",
      );
    } finally {
      this.#arm();
    }
    return { token, cut };
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #find(given: string): TokenRow {
    const matching =
      given.length < prefixLengthMin
        ? []
        : [...this.#rows.values()].filter(({ id }) => id.startsWith(given));
    const [only, ...more] = matching;
    if (only !== undefined && more.length === 0) return only;
    throw new HacsError(
      "token-not-found",
      more.length > 0
        ? `${quote(given)} begins the ids of several tokens.`
        : `There is no token with the id ${quote(given)}.`,
      "See them with: hacs-session token ls",
    );
  }

  #use(row: TokenRow): void {
    const now = Date.now();
    if (row.usedAt !== null && Math.abs(now - Date.parse(row.usedAt)) < usedEveryMs) return;
    // Known from here on in any case, so that a full disk is not tried with every request.
    const usedAt = new Date(now).toISOString();
    row.usedAt = usedAt;
    this.#storeIfPossible(() => this.#store.tokens.used(row.id, usedAt));
  }

  /** Gives how many went. */
  #end(row: TokenRow, why: HacsError): number {
    if (!isOver(row)) row.expiresAt = new Date().toISOString();
    this.#left.add(row.id);
    return this.onEnd(row.id, why);
  }

  #remove(id: string): void {
    this.#store.tokens.remove(id);
    this.#store.afterwards(() => {
      this.#left.delete(id);
      this.#rows.delete(id);
    });
  }

  #storeIfPossible(work: () => void): void {
    storingIfPossible(this.#store, work, (error) =>
      this.#log.warn({ err: error }, "what became of a token can't be written down"),
    );
  }

  #expire(): void {
    for (const row of [...this.#rows.values()].filter(isOver)) {
      const why = new HacsError(
        "unauthenticated",
        `The token that this connection came with expired at ${row.expiresAt}.`,
        "Ask for another one.",
      );
      if (!this.#left.has(row.id)) this.#end(row, why);
      this.#storeIfPossible(() => this.#remove(row.id));
    }
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const ends = [...this.#rows.values()].flatMap(({ id, expiresAt }) => {
      if (this.#left.has(id)) return [Date.now() + timerMaxMs];
      return expiresAt === null ? [] : [Date.parse(expiresAt)];
    });
    if (ends.length === 0) return;
    const next = ends.reduce((first, end) => Math.min(first, end));
    const waitMs = Math.min(timerMaxMs, Math.max(0, next - Date.now()));
    this.#timer = setTimeout(() => this.#expire(), waitMs).unref();
  }
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function isOver({ expiresAt }: TokenRow): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now();
}

function infoOf({ hash: _hash, ...info }: TokenRow): TokenInfo {
  return info;
}

function unauthenticated(): HacsError {
  return new HacsError(
    "unauthenticated",
    "The token is unknown, was revoked or has expired.",
    "Ask for one that is made with: hacs-session token new",
  );
}
