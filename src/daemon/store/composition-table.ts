import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Composition } from "../../protocol/session.ts";

/** What is being written to each session, so that it outlives the terminal it was written in. */
export class CompositionTable {
  readonly #get: StatementSync;
  readonly #set: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare("SELECT text, revision FROM compositions WHERE session = ?");
    this.#set = db.prepare(
      `INSERT INTO compositions (session, text, revision) VALUES (?, ?, 1)
       ON CONFLICT (session) DO UPDATE SET text = excluded.text, revision = revision + 1
       RETURNING revision`,
    );
  }

  get(session: string): Composition {
    const row = this.#get.get(session) as { text: string; revision: number } | undefined;
    return row === undefined ? { text: "", revision: 0 } : { ...row };
  }

  /** Gives the new revision; each is one more than the last. */
  set(session: string, text: string): number {
    return (this.#set.get(session, text) as { revision: number }).revision;
  }
}
