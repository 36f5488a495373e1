import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

export function identityOf(db: DatabaseSync): string {
  const row = db.prepare("SELECT id FROM identity").get() as { id: string } | undefined;
  if (row !== undefined) return row.id;
  const id = randomBytes(16).toString("hex");
  db.prepare("INSERT INTO identity (id) VALUES (?)").run(id);
  return id;
}
