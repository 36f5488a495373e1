/**
 * SQLite on a disk that is full whenever the test says so. As with a real one and a write-ahead log,
 * statements within a transaction go well, and its commit does not.
 */
import { DatabaseSync } from "node:sqlite";

export interface Disk {
  full: boolean;
  Database: typeof DatabaseSync;
}

export function diskThatFills(): Disk {
  const disk: Disk = {
    full: false,
    Database: class extends DatabaseSync {
      override exec(sql: string): void {
        if (sql.includes("wal_checkpoint")) refuseIfFull();
        super.exec(sql);
      }

      override prepare(sql: string) {
        const statement = super.prepare(sql);
        const run = statement.run.bind(statement) as (...values: unknown[]) => { changes: number };
        const value = (...values: unknown[]) => {
          if (sql === "COMMIT" || (!this.isTransaction && sql !== "BEGIN IMMEDIATE"))
            refuseIfFull();
          return run(...values);
        };
        Object.defineProperty(statement, "run", { value });
        return statement;
      }
    },
  };
  const refuseIfFull = () => {
    if (disk.full)
      throw Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR" });
  };
  return disk;
}
