/**
 * SQLite on a disk that fails on purpose: real files and real transactions, and before any statement
 * the process can die, or the disk be full or broken for a while. What is told of a broken disk are
 * SQLite's own words. With a write-ahead log a full one shows at the commit alone: until then what
 * is written is in memory.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** Thrown where the process died; nothing of it runs after this. */
export class Dead extends Error {
  constructor() {
    super("the simulated process is dead");
  }
}

export interface Disk {
  /** Called before each statement; throws `Dead`, or what SQLite would. */
  before: (sql: string, access: Access) => void;
  /** Called after each one that went well. */
  after: (sql: string) => void;
}

/** What a statement may do to the disk: `commits`, the file has to grow for it now. */
export interface Access {
  writes: boolean;
  commits: boolean;
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
      guarded(disk, sql, this.isOpen && this.isTransaction, () => super.exec(sql));
    }

    override prepare(sql: string): StatementSync {
      return guard(super.prepare(sql), sql, disk, this);
    }

    override close(): void {
      open.delete(this);
      super.close();
    }
  };
}

function guard(statement: StatementSync, sql: string, disk: Disk, db: DatabaseSync): StatementSync {
  for (const name of ["run", "get", "all", "iterate"] as const) {
    const real = statement[name].bind(statement) as (...args: unknown[]) => unknown;
    Object.defineProperty(statement, name, {
      value: (...args: unknown[]) =>
        guarded(disk, sql, db.isOpen && db.isTransaction, () => real(...args)),
    });
  }
  return statement;
}

function guarded<T>(disk: Disk, sql: string, within: boolean, work: () => T): T {
  const commits = /^\s*(COMMIT|PRAGMA (wal|incremental))/i.test(sql);
  const changes = /^\s*(INSERT|UPDATE|DELETE)/i.test(sql);
  disk.before(sql, { writes: commits || changes, commits: commits || (changes && !within) });
  const result = work();
  disk.after(sql);
  return result;
}
