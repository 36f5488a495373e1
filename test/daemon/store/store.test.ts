/** The durable side by itself: all or nothing, nobody told before, and files that are not ours. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { diskThatFills } from "../../support/full-disk.ts";
import { sessionRow } from "../../support/session-row.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-"));
  file = join(dir, "history.db");
});
afterEach(() => rmSync(dir, { recursive: true }));

function withSession(store: Store, id = "s"): History {
  store.sessions.insert(sessionRow(id));
  return new History(id, 0, store);
}

const note = (history: History, reason: string) =>
  history.own("session/gap", { reason, since: "", recovered: 0 });

test("a transaction that fails leaves nothing, and seq steps back with it", () => {
  const store = new Store(file);
  const history = withSession(store);
  note(history, "kept");
  expect(() =>
    store.transaction(() => {
      note(history, "lost");
      store.durably(() => note(history, "lost as well"));
      throw new Error("disk full");
    }),
  ).toThrow("disk full");
  expect(history.head).toBe(1);
  expect(note(history, "next")).toBe(2);
  expect(history.after(0, 10).map(({ params }) => JSON.parse(params).reason)).toEqual([
    "kept",
    "next",
  ]);
  expect(store.sessions.all()[0]?.seq).toBe(2);
  store.close();
});

test("nobody is told before the commit, and nobody of what was taken back", () => {
  const store = new Store(file);
  const told: string[] = [];
  store.transaction(() => {
    store.transaction(() =>
      store.afterwards(
        () => told.push("inner"),
        () => told.push("inner back"),
      ),
    );
    expect(told).toEqual([]);
  });
  expect(told).toEqual(["inner"]);
  expect(() =>
    store.transaction(() => {
      store.afterwards(
        () => told.push("never"),
        () => told.push("back"),
      );
      throw new Error("no");
    }),
  ).toThrow();
  expect(told).toEqual(["inner", "back"]);
  store.close();
});

test("what memory was changed to beside the store is stepped back when the commit fails", () => {
  const disk = diskThatFills();
  const store = new Store(file, new Redactor(), disk.Database);
  const history = withSession(store);
  const message: { status: string; error?: string } = { status: "accepted" };
  const cancel = () =>
    store.transaction(() => {
      store.transaction(() => store.assign(message, { status: "cancelled" }));
      store.assign(message, { status: "failed", error: "why" });
      note(history, "told");
      expect(message).toEqual({ status: "failed", error: "why" });
    });
  disk.full = true;
  expect(cancel).toThrow("can't be written");
  expect(message).toEqual({ status: "accepted" });
  disk.full = false;
  cancel();
  expect(message).toEqual({ status: "failed", error: "why" });
  // Where nothing is stored, nothing can fail.
  store.assign(message, { status: "alone" });
  expect(() =>
    store.transaction(() => {
      throw new Error("another");
    }),
  ).toThrow("another");
  expect(message.status).toBe("alone");
  store.close();
});

test("what was committed is told though what it overwrote can't be forgotten yet", () => {
  const disk = diskThatFills();
  const store = new Store(file, new Redactor(), disk.Database);
  const told: string[] = [];
  store.transaction(() => {
    store.forgetting();
    // It fills in the moment after the commit.
    store.afterwards(() => {
      disk.full = true;
    });
    store.afterwards(() => void told.push("it is committed"));
    withSession(store);
  });
  expect(told).toEqual(["it is committed"]);
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  disk.full = false;
  store.transaction(() => {});
  expect(statSync(`${file}-wal`).size).toBe(0);
  store.close();
});

test("what happened before, within and after a durable write is all there", () => {
  const store = new Store(file);
  const history = withSession(store);
  store.durably(() => note(history, "alone"));
  store.transaction(() => store.durably(() => note(history, "within")));
  store.close();
  const again = new Store(file);
  expect(again.records.after("s", 0, 10)).toHaveLength(2);
  again.close();
});

test("an item, and a turn's beginning and end, are kept once", () => {
  const store = new Store(file);
  const history = withSession(store);
  const item = { turnId: "t", item: { id: "i", type: "agentMessage", text: "x" } };
  const turn = { turn: { id: "t" } };
  for (let i = 0; i < 2; i++) {
    expect(history.codex("turn/started", turn, 1)).toBe(i === 0);
    expect(history.codex("item/completed", item, 1)).toBe(i === 0);
    expect(history.codex("turn/completed", turn, 1)).toBe(i === 0);
  }
  expect(history.head).toBe(3);
  expect(store.records.hasItems("s")).toBe(true);
  expect(store.records.hasItems("other")).toBe(false);
  store.close();
});

test("pages end where a frame would grow too large, and always go on", () => {
  const store = new Store(file);
  const history = withSession(store);
  for (let i = 0; i < 10; i++) note(history, `${i}`.padEnd(1_000_000));
  const read: number[] = [];
  for (
    let page = history.after(0, 1000);
    page.length > 0;
    page = history.after(read.at(-1)!, 1000)
  ) {
    expect(page.length).toBeLessThan(5);
    read.push(...page.map(({ seq }) => seq));
  }
  expect(read).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const newest = history.before(11, 1000).map(({ seq }) => seq);
  expect(newest.at(-1)).toBe(10);
  expect(newest).toEqual([...newest].sort((a, b) => a - b));
  note(history, "".padEnd(5_000_000));
  expect(history.before(12, 1000).map(({ seq }) => seq)).toEqual([11]);
  store.close();
});

test("a history of a newer version is refused and not touched", () => {
  new Store(file).close();
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999; CREATE TABLE future (x)");
  db.close();
  const before = readFileSync(file);
  expect(() => new Store(file)).toThrow(
    expect.objectContaining({ code: "state-newer", message: expect.stringContaining("999") }),
  );
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each<[string, () => void]>([
  [
    "text",
    () =>
      writeFileSync(
        file,
        "this is no database, and longer than a header of one hundred bytes ".repeat(4),
      ),
  ],
  ["a torn header", () => truncateSync(file, 50)],
  [
    "flipped bytes in the schema",
    () => {
      const bytes = readFileSync(file);
      bytes.fill(0xff, 100, 1000);
      writeFileSync(file, bytes);
    },
  ],
])("a damaged history (%s) is said to be damaged, and left as it was", (_, damage) => {
  const store = new Store(file);
  withSession(store);
  store.close();
  damage();
  copyFileSync(file, `${file}.before`);
  expect(() => new Store(file)).toThrow(
    expect.objectContaining({ code: "state-damaged", message: expect.stringContaining(file) }),
  );
  expect(readFileSync(file).equals(readFileSync(`${file}.before`))).toBe(true);
});

test("where no file can be made, it says so", () => {
  mkdirSync(file);
  expect(() => new Store(file)).toThrow(expect.objectContaining({ code: "state-unwritable" }));
  expect(statSync(file).isDirectory()).toBe(true);
});
