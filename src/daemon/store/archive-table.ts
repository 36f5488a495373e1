import type { DatabaseSync, StatementSync } from "node:sqlite";

/** What is known here of archives: which there were, and what they have still to forget. */
export class ArchiveTable {
  readonly #know: StatementSync;
  readonly #removing: StatementSync;
  readonly #removals: StatementSync;
  readonly #forgotten: StatementSync;
  readonly #heads: StatementSync;
  readonly #unready: StatementSync;

  constructor(db: DatabaseSync) {
    this.#know = db.prepare("INSERT OR IGNORE INTO archives (id) VALUES (?)");
    this.#removing = db.prepare(
      "INSERT OR IGNORE INTO archive_removals (archive, session) SELECT id, ? FROM archives",
    );
    this.#removals = db.prepare("SELECT session FROM archive_removals WHERE archive = ?");
    this.#forgotten = db.prepare("DELETE FROM archive_removals WHERE archive = ? AND session = ?");
    this.#unready = db.prepare("SELECT 1 FROM sessions WHERE id = ? AND ready = 0");
    this.#heads = db.prepare(
      "SELECT id, seq FROM sessions WHERE removed_at IS NULL AND ready = 1 ORDER BY created_at, id",
    );
  }

  /** From here on it may have something of ours. */
  know(archive: string): void {
    this.#know.run(archive);
  }

  /** Every archive that may have something of the session is to forget it, also one that is away. */
  removing(session: string): void {
    this.#removing.run(session);
  }

  removals(archive: string): string[] {
    return this.#removals.all(archive).map(({ session }) => session as string);
  }

  forgotten(archive: string, session: string): void {
    this.#forgotten.run(archive, session);
  }

  /** It is still being made, and belongs there once it is. */
  isUnready(session: string): boolean {
    return this.#unready.get(session) !== undefined;
  }

  /** Every session that belongs there, and its last seq. */
  heads(): { id: string; seq: number }[] {
    return this.#heads.all() as unknown as { id: string; seq: number }[];
  }
}
