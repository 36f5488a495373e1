import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { HookEventName } from "../../protocol/hooks.ts";
import type { ProcessIdentity } from "../../system/process-identity.ts";

/** That a hook is to be told of a record. */
export interface Delivery {
  id: number;
  hook: string;
  session: string;
  seq: number;
  event: HookEventName;
  /** How often it was tried, in vain. */
  attempts: number;
  dueAt: number;
  createdAt: number;
}

export type NewDelivery = Omit<Delivery, "id" | "attempts">;

export class HookTable {
  readonly #insert: StatementSync;
  readonly #due: StatementSync;
  readonly #next: StatementSync;
  readonly #pending: StatementSync;
  readonly #dropOldest: StatementSync;
  readonly #remove: StatementSync;
  readonly #postpone: StatementSync;
  readonly #begin: StatementSync;
  readonly #clear: StatementSync;
  readonly #running: StatementSync;
  readonly #hooks: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT OR IGNORE INTO hook_deliveries (hook, session, seq, event, due_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#due = db.prepare(
      `SELECT * FROM hook_deliveries WHERE hook = ? AND (due_at <= ? OR due_at > ?)
       ORDER BY due_at, id LIMIT ?`,
    );
    this.#next = db.prepare(
      "SELECT min(due_at) AS at FROM hook_deliveries WHERE hook = ? AND due_at BETWEEN ? AND ?",
    );
    this.#pending = db.prepare("SELECT count(*) AS n FROM hook_deliveries WHERE hook = ?");
    this.#dropOldest = db.prepare(
      "DELETE FROM hook_deliveries WHERE id IN (SELECT id FROM hook_deliveries WHERE hook = ? ORDER BY id LIMIT ?)",
    );
    this.#remove = db.prepare("DELETE FROM hook_deliveries WHERE id = ?");
    this.#postpone = db.prepare(
      "UPDATE hook_deliveries SET attempts = attempts + 1, due_at = ?, process = NULL WHERE id = ?",
    );
    this.#begin = db.prepare("UPDATE hook_deliveries SET process = ? WHERE id = ?");
    this.#clear = db.prepare("DELETE FROM hook_deliveries WHERE hook = ?");
    this.#running = db.prepare("SELECT process FROM hook_deliveries WHERE process IS NOT NULL");
    this.#hooks = db.prepare("SELECT DISTINCT hook FROM hook_deliveries");
  }

  /** Inside the transaction that stores the record. */
  insert({ hook, session, seq, event, dueAt, createdAt }: NewDelivery): void {
    this.#insert.run(hook, session, seq, event, dueAt, createdAt);
  }

  /**
   * The first that are due, in order. Nothing is put off for longer than `longestMs`: what is due
   * later than that was put down before the clock was set back.
   */
  due(hook: string, nowMs: number, longestMs: number, limit: number): Delivery[] {
    return this.#due.all(hook, nowMs, nowMs + longestMs, limit).map(fromRow);
  }

  /** When the next one is due that is not due yet. */
  nextDueAt(hook: string, nowMs: number, longestMs: number): number | null {
    return (this.#next.get(hook, nowMs + 1, nowMs + longestMs) as { at: number | null }).at;
  }

  pending(hook: string): number {
    return (this.#pending.get(hook) as { n: number }).n;
  }

  dropOldest(hook: string, count: number): void {
    this.#dropOldest.run(hook, count);
  }

  remove(id: number): void {
    this.#remove.run(id);
  }

  /** It was tried in vain. */
  postpone(id: number, dueAt: number): void {
    this.#postpone.run(dueAt, id);
  }

  /** Its command runs. */
  begin(id: number, process: ProcessIdentity): void {
    this.#begin.run(JSON.stringify(process), id);
  }

  /** Gives how many there were. */
  clear(hook: string): number {
    return Number(this.#clear.run(hook).changes);
  }

  /** Commands that a daemon which died left behind. */
  running(): ProcessIdentity[] {
    return this.#running.all().map(({ process }) => JSON.parse(process as string));
  }

  /** Those that have deliveries. */
  names(): string[] {
    return this.#hooks.all().map(({ hook }) => hook as string);
  }
}

function fromRow(row: Record<string, unknown>): Delivery {
  return {
    id: row.id as number,
    hook: row.hook as string,
    session: row.session as string,
    seq: row.seq as number,
    event: row.event as HookEventName,
    attempts: row.attempts as number,
    dueAt: row.due_at as number,
    createdAt: row.created_at as number,
  };
}
