import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AuditEntry } from "../../protocol/session.ts";

export type NewAuditEntry = Omit<AuditEntry, "id">;

/** Which entries: of a session by its id, or of those that ever had a name; of a time. */
export interface AuditQuery {
  session?: string | undefined;
  name?: string | undefined;
  since?: string | undefined;
  before?: number | undefined;
  limit: number;
}

/** Who did what. Entries outlive the sessions that they are about. */
export class AuditTable {
  readonly #insert: StatementSync;
  readonly #find: StatementSync;
  readonly #after: StatementSync;
  readonly #drop: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "INSERT INTO audit (at, session, name, action, outcome, by, token, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#find = db.prepare(
      `SELECT * FROM audit WHERE id < :before AND at >= :since
       AND (:any OR session = :session OR name = :name) ORDER BY id DESC LIMIT :limit`,
    );
    this.#after = db.prepare("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?");
    this.#drop = db.prepare(
      "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? AND id <= ? ORDER BY id LIMIT ?)",
    );
  }

  insert(entry: NewAuditEntry): void {
    const { at, session, name, action, outcome, by, token, detail } = entry;
    this.#insert.run(
      at,
      session,
      name,
      action,
      outcome,
      JSON.stringify(by),
      token,
      JSON.stringify(detail),
    );
  }

  /** The last of them, oldest first. */
  find({ session, name, since, before, limit }: AuditQuery): AuditEntry[] {
    const any = session === undefined && name === undefined ? 1 : 0;
    const rows = this.#find.all({
      before: before ?? Number.MAX_SAFE_INTEGER,
      since: since ?? "",
      any,
      session: session ?? null,
      name: name ?? null,
      limit,
    });
    return rows.map(fromRow).reverse();
  }

  /** The next ones, oldest first. */
  after(id: number, limit: number): AuditEntry[] {
    return this.#after.all(id, limit).map(fromRow);
  }

  /** Of those up to `through`; gives how many. */
  dropBefore(at: string, limit: number, through: number = Number.MAX_SAFE_INTEGER): number {
    return Number(this.#drop.run(at, through, limit).changes);
  }
}

function fromRow(row: Record<string, unknown>): AuditEntry {
  return {
    id: row.id as number,
    at: row.at as string,
    session: row.session as string | null,
    name: row.name as string | null,
    action: row.action as string,
    outcome: row.outcome as string,
    by: JSON.parse(row.by as string),
    token: row.token as string | null,
    detail: JSON.parse(row.detail as string),
  };
}
