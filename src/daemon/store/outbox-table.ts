import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Actor, MessageContent, SendMode } from "../../protocol/session.ts";

/** A message that is kept for a peer that is away. */
export interface OutboxRow {
  place: number;
  peer: string;
  session: string;
  id: string;
  mode: SendMode;
  /** Of one that was refused, what tells it from another is all that is left. */
  content: MessageContent | Digest;
  by: Actor;
  /** Why the peer refused it for good. */
  error: string | null;
  createdAt: string;
}

export interface Digest {
  digest: string;
}

export interface RefusedRow {
  id: string;
  session: string;
  error: string;
}

export class OutboxTable {
  readonly #insert: StatementSync;
  readonly #get: StatementSync;
  readonly #first: StatementSync;
  readonly #waits: StatementSync;
  readonly #size: StatementSync;
  readonly #refused: StatementSync;
  readonly #remove: StatementSync;
  readonly #refuse: StatementSync;
  readonly #forget: StatementSync;
  readonly #clear: StatementSync;

  constructor(db: DatabaseSync) {
    const waiting = "FROM outbox WHERE peer = ? AND error IS NULL";
    const refused = "FROM outbox WHERE peer = ? AND error IS NOT NULL";
    this.#insert = db.prepare(
      `INSERT INTO outbox (peer, session, id, mode, content, by, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = db.prepare("SELECT * FROM outbox WHERE peer = ? AND session = ? AND id = ?");
    this.#first = db.prepare(`SELECT * ${waiting} ORDER BY place LIMIT 1`);
    this.#waits = db.prepare(`SELECT 1 ${waiting} AND session = ? LIMIT 1`);
    this.#size = db.prepare(
      `SELECT count(*) AS messages, coalesce(sum(octet_length(content)), 0) AS bytes ${waiting}`,
    );
    this.#refused = db.prepare(`SELECT id, session, error ${refused} ORDER BY place`);
    this.#remove = db.prepare("DELETE FROM outbox WHERE place = ?");
    this.#refuse = db.prepare("UPDATE outbox SET error = ?, content = ? WHERE place = ?");
    this.#forget = db.prepare(
      `DELETE FROM outbox WHERE place IN
         (SELECT place ${refused} ORDER BY place DESC LIMIT -1 OFFSET ?)`,
    );
    this.#clear = db.prepare("DELETE FROM outbox WHERE peer = ?");
  }

  insert(row: Omit<OutboxRow, "place" | "error">): void {
    const { peer, session, id, mode, content, by, createdAt } = row;
    const said = [JSON.stringify(content), JSON.stringify(by)];
    this.#insert.run(peer, session, id, mode, said[0]!, said[1]!, createdAt);
  }

  get(peer: string, session: string, id: string): OutboxRow | undefined {
    const row = this.#get.get(peer, session, id);
    return row && fromRow(row);
  }

  /** The one that came first of those that still wait. */
  first(peer: string): OutboxRow | undefined {
    const row = this.#first.get(peer);
    return row && fromRow(row);
  }

  /** Whether one still waits for that session. */
  waits(peer: string, session: string): boolean {
    return this.#waits.get(peer, session) !== undefined;
  }

  /** How many still wait, and how much that is. */
  size(peer: string): { messages: number; bytes: number } {
    return this.#size.get(peer) as { messages: number; bytes: number };
  }

  refused(peer: string): RefusedRow[] {
    return this.#refused.all(peer) as unknown as RefusedRow[];
  }

  remove(place: number): void {
    this.#remove.run(place);
  }

  refuse(place: number, error: string, digest: string): void {
    this.#refuse.run(error, JSON.stringify({ digest } satisfies Digest), place);
  }

  /** All that were refused but the last. */
  forgetRefused(peer: string, kept: number): void {
    this.#forget.run(peer, kept);
  }

  /** Gives how many there were. */
  clear(peer: string): number {
    return Number(this.#clear.run(peer).changes);
  }
}

function fromRow(row: Record<string, unknown>): OutboxRow {
  return {
    place: row.place as number,
    peer: row.peer as string,
    session: row.session as string,
    id: row.id as string,
    mode: row.mode as SendMode,
    content: JSON.parse(row.content as string),
    by: JSON.parse(row.by as string),
    error: row.error as string | null,
    createdAt: row.created_at as string,
  };
}
