import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Something that was said or done, as it is searched for. */
export interface Said {
  session: string;
  seq: number;
  at: string;
  kind: string;
  text: string;
}

export interface SaidQuery {
  /** In FTS5's syntax. */
  match: string;
  session?: string | undefined;
  since?: string | undefined;
  before?: number | undefined;
  limit: number;
}

export interface Hit extends Omit<Said, "text"> {
  id: number;
  /** Where it was found, with the words between `hitStart` and `hitEnd`. */
  snippet: string;
}

export const hitStart = "\u0001";
export const hitEnd = "\u0002";
const snippetTokens = 32;

/** So many in the same millisecond; past that they borrow from the next. */
const idsPerMs = 1024;

/** The index of what was said. Ids are of the time, so that the newest come first for nothing. */
export class SaidTable {
  readonly #insert: StatementSync;
  readonly #taken: StatementSync;
  readonly #find: StatementSync;
  readonly #of: StatementSync;
  readonly #drop: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "INSERT INTO said (rowid, session, text, kind, seq, at) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#taken = db.prepare("SELECT 1 FROM said WHERE rowid = ?");
    this.#find = db.prepare(
      `SELECT rowid AS id, session, kind, seq, at,
       snippet(said, 1, char(1), char(2), '…', ${snippetTokens}) AS snippet
       FROM said WHERE said MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
    );
    this.#of = db.prepare("SELECT rowid AS id, seq FROM said WHERE said MATCH ? LIMIT ?");
    this.#drop = db.prepare("DELETE FROM said WHERE rowid = ?");
  }

  insert({ session, seq, at, kind, text }: Said): void {
    let id = idOf(at);
    while (this.#taken.get(id) !== undefined) id++;
    this.#insert.run(id, session, text.replace(/[\u0001\u0002]/g, " "), kind, seq, at);
  }

  /** Newest first. */
  find({ match, session, since, before, limit }: SaidQuery): Hit[] {
    const whose = session === undefined ? "" : ` AND ${ofSession(session)}`;
    const rows = this.#find.all(
      `text : (${match})${whose}`,
      since === undefined ? 0 : idOf(since),
      before ?? Number.MAX_SAFE_INTEGER,
      limit,
    );
    return rows as unknown as Hit[];
  }

  /** The oldest of a session's. */
  of(session: string, limit: number): { id: number; seq: number }[] {
    return this.#of.all(ofSession(session), limit) as unknown as { id: number; seq: number }[];
  }

  drop(id: number): void {
    this.#drop.run(id);
  }
}

function idOf(at: string): number {
  const ms = Date.parse(at);
  return (Number.isNaN(ms) ? 0 : Math.max(0, ms)) * idsPerMs;
}

/** Ids of sessions are hexadecimal, and one word to the index. */
function ofSession(id: string): string {
  return `session : "${id.replace(/[^A-Za-z0-9]/g, "")}"`;
}
