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

/** A message but for what it says, which is read when it is needed: many may wait, and be large. */
export interface MessageRow {
  id: string;
  place: number;
  mode: SendMode;
  /** What its content takes up, in bytes, as it was stored. */
  bytes: number;
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

export interface WholeMessage extends MessageRow {
  content: MessageContent;
}

/** The columns of a MessageRow. */
const row =
  "id, place, mode, octet_length(content) AS bytes, by, status, attempted, seq, turn_id, turn_status, text, error, usage, created_at";
/** What the index of open messages is for; SQLite takes it where a query says just this. */
const isOpen = "status IN ('accepted', 'delivered')";

export class MessageTable {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #redact: StatementSync;
  readonly #get: StatementSync;
  readonly #content: StatementSync;
  readonly #beginning: StatementSync;
  readonly #queuedBytes: StatementSync;
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
    this.#get = db.prepare(`SELECT ${row} FROM messages WHERE session = ? AND id = ?`);
    this.#content = db.prepare("SELECT content FROM messages WHERE session = ? AND id = ?");
    this.#beginning = db.prepare(
      `SELECT substr(json_extract(content, '$.text'), 1, ?) AS text,
        json_extract(content, '$.images') AS images
       FROM messages WHERE session = ? AND id = ?`,
    );
    this.#queuedBytes = db.prepare(
      `SELECT coalesce(sum(octet_length(content)), 0) AS bytes FROM messages
       WHERE ${isOpen} AND status = 'accepted'`,
    );
    this.#open = db.prepare(
      `SELECT ${row} FROM messages WHERE session = ? AND ${isOpen} ORDER BY place`,
    );
    this.#recent = db.prepare(
      `SELECT ${row} FROM messages WHERE session = ? ORDER BY created_at DESC, place DESC LIMIT ?`,
    );
    this.#lastPlace = db.prepare("SELECT max(place) AS last FROM messages WHERE session = ?");
    this.#told = db.prepare(
      `SELECT ${row}, content FROM messages WHERE session = ? AND seq > ? AND seq <= ? ORDER BY seq`,
    );
    this.#written = db.prepare(
      `SELECT json_extract(content, '$.text') AS text FROM messages
       WHERE json_extract(by, '$.kind') = 'tui' AND length(content) <= ${writtenCharsMax}
         AND (?1 IS NULL OR session IN (SELECT value FROM json_each(?1)))
       ORDER BY created_at DESC LIMIT ?2`,
    );
  }

  /** `content` is its JSON. */
  insert(session: string, row: MessageRow, content: string): void {
    this.#insert.run(
      session,
      row.id,
      row.place,
      row.mode,
      content,
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

  /** What it says; undefined when there is no such message. */
  content(session: string, id: string): MessageContent | undefined {
    const found = this.#content.get(session, id);
    return found && JSON.parse(found.content as string);
  }

  /** The same with so many characters of its text. */
  beginning(session: string, id: string, chars: number): MessageContent | undefined {
    const found = this.#beginning.get(chars, session, id);
    if (found === undefined) return undefined;
    const images = found.images === null ? {} : { images: JSON.parse(found.images as string) };
    return { text: found.text as string, ...images };
  }

  /** What waits in all sessions, in bytes. */
  queuedBytes(): number {
    return this.#queuedBytes.get()?.bytes as number;
  }

  /** What is not finished, in the order of delivery. */
  open(session: string): MessageRow[] {
    return this.#open.all(session).map(fromRow);
  }

  /** Those whose last news are told by the records after `seq`, up to `through`. */
  told(session: string, seq: number, through: number): WholeMessage[] {
    return this.#told.all(session, seq, through).map((found) => ({
      ...fromRow(found),
      content: JSON.parse(found.content as string),
    }));
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
    bytes: row.bytes as number,
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
