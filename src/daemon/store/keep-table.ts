import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Keep } from "../../protocol/session.ts";
import type { RecordRow } from "./record-table.ts";

/** A record that may be dropped: how old and how large it is. */
export interface OldRecord {
  seq: number;
  at: string;
  bytes: number;
}

/** How far a session's history was looked through, and what is kept of it. */
export interface Kept {
  keep: Keep;
  /** What its records take up, those that were looked through. */
  bytes: number;
  /** Its records up to here are counted, and in the index of what was said. */
  indexed: number;
  seq: number;
}

const trimmed = "session/trimmed";

/** What retention and removal ask of the tables. Each call is small. */
export class KeepTable {
  readonly #statements: Record<keyof typeof queries, StatementSync>;

  constructor(db: DatabaseSync) {
    const entries = Object.entries(queries).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#statements = Object.fromEntries(entries);
  }

  get(session: string): Kept | undefined {
    const row = this.#statements.get.get(session);
    if (row === undefined) return undefined;
    const { keep, ...rest } = row as unknown as Omit<Kept, "keep"> & { keep: string | null };
    return { ...rest, keep: keep === null ? {} : JSON.parse(keep) };
  }

  set(session: string, keep: Keep): void {
    this.#statements.set.run(JSON.stringify(keep), session);
  }

  /** Sessions with records that were not looked through. */
  behind(): string[] {
    return this.#statements.behind.all().map(({ id }) => id as string);
  }

  lookedThrough(session: string, indexed: number, bytes: number): void {
    this.#statements.lookedThrough.run(indexed, bytes, session);
  }

  /** The next records that may go, oldest first: none of the last turn's, which codex is compared with. */
  oldest(session: string, limit: number): OldRecord[] {
    const from = this.#statements.lastTurn.get(session, session) as { seq: number | null };
    const rows = this.#statements.oldest.all(session, from.seq ?? 0, limit);
    return rows as unknown as OldRecord[];
  }

  /**
   * Drops the records up to `through` and what else is known of that time. In their place stands
   * one that says so, with the last one's seq: whoever comes with an older cursor meets it.
   */
  dropThrough(session: string, through: OldRecord, freedBytes: number): void {
    const before = this.#statements.head.get(session) as unknown as RecordRow | undefined;
    if (before === undefined) return;
    const known = before.method === trimmed ? Number(JSON.parse(before.params).records) : 0;
    const since = before.method === trimmed ? before.seq : before.seq - 1;
    const dropped = Number(this.#statements.drop.run(session, through.seq).changes);
    // The last of them becomes the mark, in place of the mark before.
    const records = known + dropped + (before.method === trimmed ? 0 : 1);
    const params = { records, until: through.at };
    this.#statements.mark.run(trimmed, JSON.stringify(params), session, through.seq);
    this.#statements.blankMessages.run(session, since, through.seq);
    this.#statements.dropApprovals.run(session, through.at);
    this.#statements.freed.run(freedBytes, session);
  }

  /** The session is gone for everybody; what is left of it is forgotten by and by. */
  remove(session: string, at: string): void {
    this.#statements.remove.run(at, session);
  }

  removed(): string[] {
    return this.#statements.removed.all().map(({ id }) => id as string);
  }

  /** Forgets some of a removed session; false when nothing is left but its row. */
  forgetSome(session: string, limit: number): boolean {
    const { someRecords, someMessages, someApprovals } = this.#statements;
    return [someRecords, someMessages, someApprovals].some(
      (statement) => statement.run(session, limit).changes > 0,
    );
  }

  /** How many records there are; seqs may have a hole. */
  count(session: string): number {
    const { count } = this.#statements.count.get(session) as { count: number };
    const head = this.#statements.head.get(session) as unknown as RecordRow | undefined;
    return head?.method === trimmed ? count - 1 : count;
  }
}

/** What a record takes up besides its params, about. */
const rowBytes = 100;

const queries = {
  get: "SELECT keep, bytes, indexed, seq FROM sessions WHERE id = ?",
  set: "UPDATE sessions SET keep = ? WHERE id = ?",
  behind: "SELECT id FROM sessions WHERE indexed < seq AND removed_at IS NULL",
  lookedThrough: "UPDATE sessions SET indexed = ?, bytes = bytes + ? WHERE id = ?",
  freed: "UPDATE sessions SET bytes = max(0, bytes - ?) WHERE id = ?",
  lastTurn: `SELECT coalesce(
      (SELECT seq FROM records WHERE session = ? AND method = 'turn/started' ORDER BY seq DESC LIMIT 1),
      (SELECT max(seq) FROM records WHERE session = ?)) AS seq`,
  oldest: `SELECT seq, at, octet_length(params) + ${rowBytes} AS bytes FROM records
    WHERE session = ? AND seq < ? AND method <> '${trimmed}' ORDER BY seq LIMIT ?`,
  head: "SELECT seq, at, method, params FROM records WHERE session = ? ORDER BY seq LIMIT 1",
  count: "SELECT count(*) AS count FROM records WHERE session = ?",
  drop: "DELETE FROM records WHERE session = ? AND seq < ?",
  mark: `UPDATE records SET method = ?, params = ?, turn_id = NULL, item_id = NULL
    WHERE session = ? AND seq = ?`,
  // Their ids stay, so that a message that is sent again is known.
  blankMessages: `UPDATE messages SET content = '{"text":""}', text = NULL, error = NULL, usage = NULL
    WHERE session = ? AND seq > ? AND seq <= ? AND status IN ('finished', 'failed', 'cancelled')`,
  dropApprovals: `DELETE FROM approvals
    WHERE session = ? AND status IN ('answered', 'lost') AND created_at <= ?`,
  remove: "UPDATE sessions SET removed_at = ? WHERE id = ?",
  removed: "SELECT id FROM sessions WHERE removed_at IS NOT NULL",
  someRecords: some("records"),
  someMessages: some("messages"),
  someApprovals: some("approvals"),
};

function some(table: string): string {
  return `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE session = ? LIMIT ?)`;
}
