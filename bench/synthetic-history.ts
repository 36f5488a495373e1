/** Makes a session's history long without talking for hours: records as codex's would be. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Home } from "../test/support/home.ts";

/** Adds answers to the session's history until it has `items` of them. No daemon may run. */
export function lengthen(home: Home, name: string, items: number): void {
  const db = new DatabaseSync(join(home.dir, "state/default/history.db"));
  const session = db
    .prepare("SELECT id, seq, thread_id FROM sessions WHERE name = ?")
    .get(name) as { id: string; seq: number; thread_id: string };
  const insert = db.prepare(
    "INSERT INTO records (session, seq, at, method, params, turn_id, item_id) VALUES (?, ?, ?, 'item/completed', ?, ?, ?)",
  );
  db.exec("BEGIN");
  for (let i = 1; i <= items; i++) {
    const item = {
      type: "agentMessage",
      id: `synthetic-${i}`,
      text: `Answer ${i}: ${"a line of some length that says little. ".repeat(6)}`,
    };
    const turnId = `synthetic-turn-${Math.ceil(i / 10)}`;
    const params = JSON.stringify({ item, threadId: session.thread_id, turnId });
    insert.run(session.id, session.seq + i, new Date().toISOString(), params, turnId, item.id);
  }
  db.prepare("UPDATE sessions SET seq = ? WHERE id = ?").run(session.seq + items, session.id);
  db.exec("COMMIT");
  db.close();
}
