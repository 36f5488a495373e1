import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  Actor,
  MessageContent,
  Receipt,
  ReceiptStatus,
  SendMode,
} from "../../protocol/session.ts";

/** A longer message is no use to somebody who looks for one by going through all. */
const writtenCharsMax = 16_384;

export interface MessageRow {
  id: string;
  place: number;
  mode: SendMode;
  content: MessageContent;
  by: Actor;
  status: ReceiptStatus;
  /** True once it may have reached codex: then codex is asked before it is sent again. */
  attempted: boolean;
  seq: number;
  turnId: string | null;
  turnStatus: Receipt["turnStatus"];
  text: string | null;
  error: string | null;
  usage: Receipt["usage"];
  createdAt: string;
}

export class MessageTable {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #redact: StatementSync;
  readonly #get: StatementSync;
  readonly #open: StatementSync;
  readonly #recent: StatementSync;
  readonly #lastPlace: StatementSync;
  readonly #told: StatementSync;
  readonly #written: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO messages (session, id, place, mode, content, by, status, seq, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE messages SET status = ?, attempted = ?, seq = ?, turn_id = ?, turn_status = ?, text = ?, error = ?, usage = ?
       WHERE session = ? AND id = ?`,
    );
    this.#redact = db.prepare("UPDATE messages SET content = ? WHERE session = ? AND id = ?");
    this.#get = db.prepare("SELECT * FROM messages WHERE session = ? AND id = ?");
    this.#open = db.prepare(
      "SELECT * FROM messages WHERE session = ? AND status IN ('accepted', 'delivered') ORDER BY place",
    );
    this.#recent = db.prepare(
      "SELECT * FROM messages WHERE session = ? ORDER BY created_at DESC, place DESC LIMIT ?",
    );
    this.#lastPlace = db.prepare("SELECT max(place) AS last FROM messages WHERE session = ?");
    this.#told = db.prepare(
      "SELECT * FROM messages WHERE session = ? AND seq > ? AND seq <= ? ORDER BY seq",
    );
    this.#written = db.prepare(
      `SELECT json_extract(content, '$.text') AS text FROM messages
       WHERE json_extract(by, '$.kind') = 'tui' AND length(content) <= ${writtenCharsMax}
         AND (?1 IS NULL OR session IN (SELECT value FROM json_each(?1)))
       ORDER BY created_at DESC LIMIT ?2`,
    );
  }

  insert(session: string, row: MessageRow): void {
    this.#insert.run(
      session,
      row.id,
      row.place,
      row.mode,
      JSON.stringify(row.content),
      JSON.stringify(row.by),
      row.status,
      row.seq,
      row.createdAt,
    );
  }

  update(session: string, row: MessageRow): void {
    const usage = row.usage === null ? null : JSON.stringify(row.usage);
    const { status, attempted, seq, turnId, turnStatus, text, error, id } = row;
    this.#update.run(
      status,
      attempted ? 1 : 0,
      seq,
      turnId,
      turnStatus,
      text,
      error,
      usage,
      session,
      id,
    );
  }

  /** Replaces its content by one without secrets. */
  redact(session: string, id: string, content: MessageContent): void {
    this.#redact.run(JSON.stringify(content), session, id);
  }

  get(session: string, id: string): MessageRow | undefined {
    const row = this.#get.get(session, id);
    return row && fromRow(row);
  }

  /** What is not finished, in the order of delivery. */
  open(session: string): MessageRow[] {
    return this.#open.all(session).map(fromRow);
  }

  /** Those whose last news are told by the records after `seq`, up to `through`. */
  told(session: string, seq: number, through: number): MessageRow[] {
    return this.#told.all(session, seq, through).map(fromRow);
  }

  /** The newest first. */
  recent(session: string, limit: number): MessageRow[] {
    return this.#recent.all(session, limit).map(fromRow);
  }

  /** What was written in composers, in these sessions or in any, newest first, each text once. */
  written(limit: number, sessions: string[] | null = null): string[] {
    const chosen = sessions && JSON.stringify(sessions);
    const texts = this.#written.all(chosen, limit).map(({ text }) => String(text));
    return [...new Set(texts)].filter((text) => text !== "");
  }

  /** The place of the last message; 0 when there is none. */
  lastPlace(session: string): number {
    return (this.#lastPlace.get(session) as { last: number | null }).last ?? 0;
  }
}

export function receiptOf(session: string, row: MessageRow): Receipt {
  const { id, status, mode, seq, turnId, turnStatus, text, error, usage, createdAt } = row;
  return {
    session,
    messageId: id,
    status,
    mode,
    seq,
    turnId,
    turnStatus,
    text,
    error,
    usage,
    createdAt,
  };
}

function fromRow(row: Record<string, unknown>): MessageRow {
  return {
    id: row.id as string,
    place: row.place as number,
    mode: row.mode as SendMode,
    content: JSON.parse(row.content as string),
    by: JSON.parse(row.by as string),
    status: row.status as ReceiptStatus,
    attempted: row.attempted === 1,
    seq: row.seq as number,
    turnId: row.turn_id as string | null,
    turnStatus: row.turn_status as Receipt["turnStatus"],
    text: row.text as string | null,
    error: row.error as string | null,
    usage: row.usage === null ? null : JSON.parse(row.usage as string),
    createdAt: row.created_at as string,
  };
}
