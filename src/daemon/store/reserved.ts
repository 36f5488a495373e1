/**
 * That no seq ever stands for two records. What a client is told is committed, and outlives any
 * process; a power cut may take commits that were not synced to the disk. So seqs are reserved in
 * blocks, and a block is on the disk before one of its seqs is told, with the boot that it is of.
 * Whoever opens a file with blocks of another boot goes on behind what was reserved, with a record
 * that says so. What is found in the file when it is opened is synced then, and needs no block.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** So many seqs cost one sync of the disk. */
export const seqsReservedAtOnce = 1_000;

export class ReservedSeqs {
  readonly #db: DatabaseSync;
  readonly #boot: string;
  readonly #of: StatementSync;
  readonly #reserve: StatementSync;
  readonly #note: StatementSync;

  constructor(db: DatabaseSync, boot: string) {
    this.#db = db;
    this.#boot = boot;
    this.#of = db.prepare("SELECT max(reserved, seq) AS reserved FROM sessions WHERE id = ?");
    this.#reserve = db.prepare("UPDATE sessions SET reserved = ? WHERE id = ?");
    this.#note = db.prepare("UPDATE identity SET boot = ?1 WHERE boot IS NOT ?1");
  }

  /** Up to where a session's seqs may be told. */
  of(session: string): number {
    return Number(this.#of.get(session)?.reserved ?? 0);
  }

  reserve(session: string, through: number): void {
    this.#reserve.run(through, session);
    this.#note.run(this.#boot);
  }

  /** Whether power was lost while blocks were open: then nobody knows what was on its way to the disk. */
  get struck(): boolean {
    const sql =
      "SELECT 1 FROM sessions WHERE reserved > seq AND (SELECT boot FROM identity) IS NOT ?";
    return this.#db.prepare(sql).get(this.#boot) !== undefined;
  }

  /** In each session one record where others may have been told that are gone. */
  standIn(at: string): void {
    const sessions = this.#db
      .prepare(
        `SELECT id, s.seq, coalesce(r.at, created_at) AS since, reserved FROM sessions AS s
         LEFT JOIN records AS r ON r.session = s.id AND r.seq = s.seq WHERE reserved > s.seq`,
      )
      .all();
    const insert = this.#db.prepare(
      "INSERT INTO records (session, seq, at, method, params) VALUES (?, ?, ?, 'session/lost', ?)",
    );
    const move = this.#db.prepare("UPDATE sessions SET seq = ?, reserved = 0 WHERE id = ?");
    for (const { id, seq, since, reserved } of sessions as unknown as OpenBlock[]) {
      const params = { reason: "the machine went down", after: seq, since };
      insert.run(id, reserved + 1, at, JSON.stringify(params));
      move.run(reserved + 1, id);
    }
  }

  /** Gives blocks back, where all that was told is on the disk. `except`: not those of living agents. */
  giveBack(except: "agents" | "none"): void {
    const which = except === "agents" ? "AND agent IS NULL" : "";
    this.#db.exec(`UPDATE sessions SET reserved = 0 WHERE reserved <> 0 ${which}`);
  }
}

interface OpenBlock {
  id: string;
  seq: number;
  since: string;
  reserved: number;
}
