import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Actor, MessageContent, SendMode } from "../../protocol/session.ts";

/** A message that is kept for a peer that is away. */
export interface OutboxRow {
  place: number;
  peer: string;
  session: string;
  id: string;
  mode: SendMode;
  content: MessageContent;
  by: Actor;
  /** Why the peer refused it for good. */
  error: string | null;
  createdAt: string;
}

export class OutboxTable {
  readonly #insert: StatementSync;
  readonly #get: StatementSync;
  readonly #of: StatementSync;
  readonly #count: StatementSync;
  readonly #remove: StatementSync;
  readonly #refuse: StatementSync;
  readonly #clear: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO outbox (peer, session, id, mode, content, by, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#get = db.prepare("SELECT * FROM outbox WHERE peer = ? AND session = ? AND id = ?");
    this.#of = db.prepare("SELECT * FROM outbox WHERE peer = ? ORDER BY place");
    this.#count = db.prepare("SELECT count(*) AS n FROM outbox WHERE peer = ? AND error IS NULL");
    this.#remove = db.prepare("DELETE FROM outbox WHERE place = ?");
    this.#refuse = db.prepare("UPDATE outbox SET error = ?, content = ? WHERE place = ?");
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

  /** In the order of their coming. */
  of(peer: string): OutboxRow[] {
    return this.#of.all(peer).map(fromRow);
  }

  /** How many still wait. */
  waiting(peer: string): number {
    return (this.#count.get(peer) as { n: number }).n;
  }

  remove(place: number): void {
    this.#remove.run(place);
  }

  /** What it was is kept as `content`, to be told by. */
  refuse(place: number, error: string, content: MessageContent): void {
    this.#refuse.run(error, JSON.stringify(content), place);
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
