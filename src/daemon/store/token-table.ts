import type { DatabaseSync } from "node:sqlite";
import type { Scope } from "../../protocol/access.ts";

export interface TokenRow {
  id: string;
  /** SHA-256 of the token; the token itself is nowhere. */
  hash: Uint8Array;
  label: string | null;
  scope: Scope;
  sessions: string;
  createdAt: string;
  expiresAt: string | null;
  /** To the minute. */
  usedAt: string | null;
}

export class TokenTable {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  all(): TokenRow[] {
    return this.#db.prepare("SELECT * FROM tokens ORDER BY created_at, id").all().map(fromRow);
  }

  insert({ id, hash, label, scope, sessions, createdAt, expiresAt }: TokenRow): void {
    this.#db
      .prepare(
        `INSERT INTO tokens (id, hash, label, scope, sessions, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, hash, label, scope, sessions, createdAt, expiresAt);
  }

  used(id: string, at: string): void {
    this.#db.prepare("UPDATE tokens SET used_at = ? WHERE id = ?").run(at, id);
  }

  remove(id: string): void {
    this.#db.prepare("DELETE FROM tokens WHERE id = ?").run(id);
  }
}

function fromRow(row: Record<string, unknown>): TokenRow {
  return {
    id: row.id as string,
    hash: row.hash as Uint8Array,
    label: row.label as string | null,
    scope: row.scope as Scope,
    sessions: row.sessions as string,
    createdAt: row.created_at as string,
    expiresAt: row.expires_at as string | null,
    usedAt: row.used_at as string | null,
  };
}
