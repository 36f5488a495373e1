/** A power cut, as SQLite has it with `synchronous=NORMAL`: what was not synced of the log is gone. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { seqsReservedAtOnce } from "../../../src/daemon/store/reserved.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { follows } from "../../../src/protocol/records.ts";
import { sessionRow } from "../../support/session-row.ts";

let dir: string;
/** What a power cut leaves of the history, as it is now. */
let left: string;
const open = new Set<Store>();

/** SQLite that copies its files whenever they are synced. */
class Disk extends DatabaseSync {
  #syncing = false;

  override exec(sql: string): void {
    super.exec(sql);
    if (sql.startsWith("PRAGMA synchronous =")) this.#syncing = sql.endsWith("FULL");
  }

  override prepare(sql: string) {
    const statement = super.prepare(sql);
    if (sql !== "COMMIT") return statement;
    const run = statement.run.bind(statement) as () => { changes: number };
    const commit = () => {
      const result = run();
      if (this.#syncing) copy(join(dir, "history.db"), left);
      return result;
    };
    Object.defineProperty(statement, "run", { value: commit });
    return statement;
  }
}

function copy(from: string, to: string): void {
  for (const part of ["", "-wal"]) {
    rmSync(to + part, { force: true });
    if (existsSync(from + part)) copyFileSync(from + part, to + part);
  }
}

function openStore(file: string, boot: string): Store {
  const store = new Store(file, new Redactor(), Disk, boot);
  open.add(store);
  return store;
}

function close(store: Store): void {
  store.close();
  open.delete(store);
}

beforeEach(() => {
  dir = mkdtempSync("/tmp/hs-reserved-");
  left = join(dir, "left.db");
});
afterEach(() => {
  for (const store of open) store.close();
  open.clear();
  rmSync(dir, { recursive: true });
});

function tell(history: History, count: number): void {
  for (let i = 0; i < count; i++)
    history.own("session/gap", { reason: `${history.head + 1}`, since: "", recovered: 0 });
}

/** Two sessions: of one five records were told in the first boot, of the other three before that. */
function before(): Store {
  const file = join(dir, "history.db");
  const older = openStore(file, "boot 0");
  for (const id of ["told", "at rest"]) older.sessions.insert(sessionRow(id));
  tell(new History("at rest", 0, older), 3);
  close(older);
  const store = openStore(file, "boot 1");
  tell(new History("told", 0, store), 5);
  return store;
}

test("a power cut takes records that were told: none of their seqs is used again, and a record says so", () => {
  before();
  const store = openStore(left, "boot 2");
  const row = store.sessions.get("told")!;
  const history = new History("told", row.seq, store);
  tell(history, 2);
  // Whoever had all five goes on from there, and so does who had nothing.
  const [lost, ...rest] = history.after(5, 10);
  expect(lost).toMatchObject({ method: "session/lost", seq: 1 + seqsReservedAtOnce + 1 });
  expect(JSON.parse(lost!.params)).toMatchObject({ after: 1, reason: "the machine went down" });
  expect(rest.map(({ seq }) => seq)).toEqual([lost!.seq + 1, lost!.seq + 2]);
  const all = history.after(0, 10);
  expect(all.map(({ seq }) => seq)).toEqual([1, lost!.seq, lost!.seq + 1, lost!.seq + 2]);
  expect(all.every((record, i) => follows(all[i - 1]?.seq ?? 0, record))).toBe(true);
  // The last ones are counted by what there is.
  expect(history.beforeLast(3)).toBe(lost!.seq - 1);
  expect(history.after(history.beforeLast(4), 10)).toHaveLength(4);

  // One that had nothing on its way to the disk has no hole.
  expect(store.sessions.get("at rest")?.seq).toBe(3);
});

test("a second power cut finds the record that tells of the first", () => {
  before();
  const first = openStore(left, "boot 2");
  const { seq } = first.sessions.get("told")!;
  copy(left, join(dir, "again.db"));
  const second = openStore(join(dir, "again.db"), "boot 3");
  expect(second.sessions.get("told")?.seq).toBe(seq);
});

test("a daemon that was killed lost nothing, nor did one that closed its history", () => {
  const store = before();
  copy(join(dir, "history.db"), join(dir, "killed.db"));
  const killed = openStore(join(dir, "killed.db"), "boot 1");
  expect(killed.sessions.get("told")?.seq).toBe(5);
  close(store);
  const later = openStore(join(dir, "history.db"), "boot 2");
  expect(later.sessions.get("told")?.seq).toBe(5);
});

test("a block of seqs costs one sync, and each is on the disk before one of its seqs is told", () => {
  const store = before();
  const history = new History("told", 5, store);
  const told: number[] = [];
  store.recordListeners.add(() => told.push(store.reserved.of("told") - history.head));
  tell(history, 2 * seqsReservedAtOnce);
  expect(Math.min(...told)).toBeGreaterThanOrEqual(0);
  const kept = openStore(left, "boot 2");
  const [lost] = new History("told", 0, kept).after(history.head, 1);
  expect(lost?.method).toBe("session/lost");
});
