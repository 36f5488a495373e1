import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Json, JsonObject } from "../../protocol/messages.ts";
import { stringOf } from "../../protocol/shape.ts";

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

/** What was dropped here, where something else has it; `seq` and `through` bound it. */
export interface Past {
  /** The records after `seq` up to `through`, in order, at most so many. */
  after(session: string, seq: number, through: number, limit: number): Promise<RecordRow[]>;
  /** The records before `seq`, in order, at most so many. */
  before(session: string, seq: number, limit: number): Promise<RecordRow[]>;
}

/** One record can have megabytes: a page is full at this many characters, and has one at least. */
const pageCharsMax = 2 * 1024 * 1024;

export class RecordTable {
  readonly #insert: StatementSync;
  readonly #after: StatementSync;
  readonly #before: StatementSync;
  readonly #firstOfLast: StatementSync;
  readonly #items: StatementSync;
  readonly #anyItem: StatementSync;
  readonly #ended: StatementSync;
  readonly #begun: StatementSync;
  readonly #openTurns: StatementSync;
  readonly #lastAnswer: StatementSync;
  readonly #turnEnds: StatementSync;
  readonly #usages: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "INSERT OR IGNORE INTO records (session, seq, at, method, params, turn_id, item_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    const select = "SELECT seq, at, method, params FROM records WHERE session = ?";
    this.#after = db.prepare(`${select} AND seq > ? ORDER BY seq LIMIT ?`);
    this.#before = db.prepare(`${select} AND seq < ? ORDER BY seq DESC LIMIT ?`);
    this.#firstOfLast = db.prepare(
      `SELECT min(seq) AS seq FROM
       (SELECT seq FROM records WHERE session = ? ORDER BY seq DESC LIMIT ?)`,
    );
    this.#items = db.prepare(
      "SELECT item_id FROM records WHERE session = ? AND turn_id = ? AND item_id IS NOT NULL",
    );
    this.#anyItem = db.prepare(
      "SELECT 1 FROM records WHERE session = ? AND item_id IS NOT NULL LIMIT 1",
    );
    this.#ended = db.prepare(
      "SELECT params -> '$.turn' AS turn FROM records WHERE session = ? AND turn_id = ? AND method = 'turn/completed'",
    );
    this.#begun = db.prepare(
      "SELECT 1 FROM records WHERE session = ? AND turn_id = ? AND method = 'turn/started'",
    );
    this.#openTurns = db.prepare(
      `SELECT turn_id FROM records AS begun WHERE session = ? AND method = 'turn/started'
       AND turn_id IS NOT NULL AND NOT EXISTS
       (SELECT 1 FROM records WHERE session = begun.session AND method = 'turn/completed'
        AND turn_id IN (begun.turn_id, begun.params ->> '$.turn.rootTurnId'))`,
    );
    // Backwards from where the turn ended to where it began: a long history is not read for it.
    const edge = (method: string) =>
      `(SELECT seq FROM records WHERE session = ?1 AND turn_id = ?2 AND method = '${method}')`;
    this.#lastAnswer = db.prepare(
      `SELECT params FROM records WHERE session = ?1 AND turn_id = ?2 AND item_id IS NOT NULL
       AND seq > coalesce(${edge("turn/started")}, 0)
       AND seq < coalesce(${edge("turn/completed")}, ${Number.MAX_SAFE_INTEGER})
       AND params ->> '$.item.type' = 'agentMessage' AND method = 'item/completed' ORDER BY seq DESC LIMIT 1`,
    );
    this.#turnEnds = db.prepare(
      `SELECT params ->> '$.threadId' AS threadId, params ->> '$.turn.durationMs' AS durationMs
       FROM records WHERE session = ? AND method = 'turn/completed' ORDER BY seq DESC LIMIT ?`,
    );
    this.#usages = db.prepare(
      `SELECT at, params ->> '$.threadId' AS threadId, params -> '$.tokenUsage' AS usage
       FROM records WHERE session = ? AND method = 'thread/tokenUsage/updated' ORDER BY seq DESC LIMIT ?`,
    );
  }

  /** False when the item, or the turn's beginning or end, is recorded already. */
  insert(session: string, record: NewRecord): boolean {
    const { seq, at, method, params, turnId, itemId } = record;
    return this.#insert.run(session, seq, at, method, params, turnId, itemId).changes === 1;
  }

  /** The next records in order: `limit` of them, or fewer when they are large. */
  after(session: string, seq: number, limit: number): RecordRow[] {
    return page(this.#after.iterate(session, seq, limit));
  }

  /** The records before `seq`, in order: `limit` of them, or fewer when they are large. */
  before(session: string, seq: number, limit: number): RecordRow[] {
    return page(this.#before.iterate(session, seq, limit)).reverse();
  }

  /** The cursor after which the last `count` records come: seqs may have a hole. */
  beforeLast(session: string, count: number): number {
    const { seq } = this.#firstOfLast.get(session, count) as { seq: number | null };
    return seq === null ? 0 : seq - 1;
  }

  itemsOf(session: string, turnId: string): Set<string> {
    return new Set(this.#items.all(session, turnId).map((row) => row.item_id as string));
  }

  /** Whether anything was said. The first item proves that codex keeps the thread. */
  hasItems(session: string): boolean {
    return this.#anyItem.get(session) !== undefined;
  }

  turnBegun(session: string, turnId: string): boolean {
    return this.#begun.get(session, turnId) !== undefined;
  }

  turnEnded(session: string, turnId: string): boolean {
    return this.#ended.get(session, turnId) !== undefined;
  }

  /** The turn as it was when it ended; undefined while no end is recorded. */
  endedTurn(session: string, turnId: string): JsonObject | undefined {
    const row = this.#ended.get(session, turnId);
    return row === undefined ? undefined : JSON.parse(row.turn as string);
  }

  /** Turns that began and whose end was not recorded. */
  openTurns(session: string): string[] {
    return this.#openTurns.all(session).map((row) => row.turn_id as string);
  }

  /** The text of a turn's last answer; null when it gave none. */
  lastAnswer(session: string, turnId: string): string | null {
    const row = this.#lastAnswer.get(session, turnId);
    return row === undefined ? null : stringOf(JSON.parse(row.params as string).item.text);
  }

  /** How long the last turns took, oldest first; null where codex did not say. */
  lastTurnEnds(session: string, limit: number): { threadId: string; durationMs: number | null }[] {
    const rows = this.#turnEnds.all(session, limit).reverse();
    return rows as { threadId: string; durationMs: number | null }[];
  }

  /** The last `tokenUsage` objects that codex told, oldest first. */
  lastUsages(session: string, limit: number): { at: string; threadId: string; usage: Json }[] {
    const rows = this.#usages.all(session, limit).reverse();
    return rows.map(({ at, threadId, usage }) => ({
      at: at as string,
      threadId: threadId as string,
      usage: usage === null ? null : JSON.parse(usage as string),
    }));
  }
}

function page(found: Iterable<unknown>): RecordRow[] {
  const rows: RecordRow[] = [];
  let chars = 0;
  for (const row of found as Iterable<RecordRow>) {
    rows.push(row);
    chars += row.params.length;
    if (chars >= pageCharsMax) break;
  }
  return rows;
}
