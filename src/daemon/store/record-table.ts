import type { DatabaseSync, StatementSync } from "node:sqlite";

/** A record as it is kept: params stay the JSON text that codex sent, and are never parsed again. */
export interface RecordRow {
  seq: number;
  at: string;
  method: string;
  params: string;
}

export interface NewRecord extends RecordRow {
  turnId: string | null;
  itemId: string | null;
}

export class RecordTable {
  readonly #insert: StatementSync;
  readonly #after: StatementSync;
  readonly #before: StatementSync;
  readonly #items: StatementSync;
  readonly #ended: StatementSync;
  readonly #begun: StatementSync;
  readonly #openTurns: StatementSync;
  readonly #lastAnswer: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "INSERT OR IGNORE INTO records (session, seq, at, method, params, turn_id, item_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    const select = "SELECT seq, at, method, params FROM records WHERE session = ?";
    this.#after = db.prepare(`${select} AND seq > ? ORDER BY seq LIMIT ?`);
    this.#before = db.prepare(`${select} AND seq < ? ORDER BY seq DESC LIMIT ?`);
    this.#items = db.prepare(
      "SELECT item_id FROM records WHERE session = ? AND turn_id = ? AND item_id IS NOT NULL",
    );
    this.#ended = db.prepare(
      "SELECT 1 FROM records WHERE session = ? AND turn_id = ? AND method = 'turn/completed'",
    );
    this.#begun = db.prepare(
      "SELECT 1 FROM records WHERE session = ? AND turn_id = ? AND method = 'turn/started'",
    );
    this.#openTurns = db.prepare(
      `SELECT turn_id FROM records AS begun WHERE session = ? AND method = 'turn/started' AND NOT EXISTS
       (SELECT 1 FROM records WHERE session = begun.session AND turn_id = begun.turn_id AND method = 'turn/completed')`,
    );
    this.#lastAnswer = db.prepare(
      `SELECT params FROM records WHERE session = ? AND turn_id = ? AND item_id IS NOT NULL
       AND params ->> '$.item.type' = 'agentMessage' AND method = 'item/completed' ORDER BY seq DESC LIMIT 1`,
    );
  }

  /** False when the item, or the turn's beginning or end, is recorded already. */
  insert(session: string, record: NewRecord): boolean {
    const { seq, at, method, params, turnId, itemId } = record;
    return this.#insert.run(session, seq, at, method, params, turnId, itemId).changes === 1;
  }

  after(session: string, seq: number, limit: number): RecordRow[] {
    return this.#after.all(session, seq, limit) as unknown as RecordRow[];
  }

  /** The `limit` records before `seq`, in order. */
  before(session: string, seq: number, limit: number): RecordRow[] {
    return (this.#before.all(session, seq, limit) as unknown as RecordRow[]).reverse();
  }

  itemsOf(session: string, turnId: string): Set<string> {
    return new Set(this.#items.all(session, turnId).map((row) => row.item_id as string));
  }

  turnBegun(session: string, turnId: string): boolean {
    return this.#begun.get(session, turnId) !== undefined;
  }

  turnEnded(session: string, turnId: string): boolean {
    return this.#ended.get(session, turnId) !== undefined;
  }

  /** Turns that began and whose end was not recorded. */
  openTurns(session: string): string[] {
    return this.#openTurns.all(session).map((row) => row.turn_id as string);
  }

  /** The text of a turn's last answer; null when it gave none. */
  lastAnswer(session: string, turnId: string): string | null {
    const row = this.#lastAnswer.get(session, turnId);
    return row === undefined ? null : (JSON.parse(row.params as string).item.text ?? null);
  }
}
