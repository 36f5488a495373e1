import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Draft } from "../../protocol/records.ts";

export class DraftTable {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #all: StatementSync;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      "INSERT OR REPLACE INTO drafts (session, item_id, draft) VALUES (?, ?, ?)",
    );
    this.#remove = db.prepare("DELETE FROM drafts WHERE session = ? AND item_id = ?");
    this.#all = db.prepare("SELECT draft FROM drafts WHERE session = ? ORDER BY rowid");
  }

  put(session: string, draft: Draft): void {
    this.#put.run(session, draft.itemId, JSON.stringify(draft));
  }

  remove(session: string, itemId: string): void {
    this.#remove.run(session, itemId);
  }

  all(session: string): Draft[] {
    return this.#all.all(session).map((row) => JSON.parse(row.draft as string) as Draft);
  }
}
