/**
 * SQLite on a disk that fails on purpose: real files and real transactions, and before any statement
 * the process can die, or the disk be full or broken for a while. What is told of a broken disk are
 * SQLite's own words.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** Thrown where the process died; nothing of it runs after this. */
export class Dead extends Error {
  constructor() {
    super("the simulated process is dead");
  }
}

export interface Disk {
  /** Called before each statement; throws `Dead`, or what SQLite would. `writes`: it may write. */
  before: (sql: string, writes: boolean) => void;
  /** Called after each one that went well. */
  after: (sql: string) => void;
}

export function diskError(what: "full" | "broken"): Error {
  const [errcode, message] =
    what === "full" ? [13, "database or disk is full"] : [10, "disk I/O error"];
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });
}

/** A class like SQLite's, on that disk. `open` has every file that was opened and not closed. */
export function databaseOn(disk: Disk, open: Set<DatabaseSync>): typeof DatabaseSync {
  return class extends DatabaseSync {
    constructor(file: string) {
      super(file);
      open.add(this);
    }

    override exec(sql: string): void {
      guarded(disk, sql, () => super.exec(sql));
    }

    override prepare(sql: string): StatementSync {
      return guard(super.prepare(sql), sql, disk);
    }

    override close(): void {
      open.delete(this);
      super.close();
    }
  };
}

function guard(statement: StatementSync, sql: string, disk: Disk): StatementSync {
  for (const name of ["run", "get", "all", "iterate"] as const) {
    const real = statement[name].bind(statement) as (...args: unknown[]) => unknown;
    Object.defineProperty(statement, name, {
      value: (...args: unknown[]) => guarded(disk, sql, () => real(...args)),
    });
  }
  return statement;
}

function guarded<T>(disk: Disk, sql: string, work: () => T): T {
  disk.before(sql, /^\s*(INSERT|UPDATE|DELETE|COMMIT|PRAGMA (wal|incremental))/i.test(sql));
  const result = work();
  disk.after(sql);
  return result;
}
