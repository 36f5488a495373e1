/** What is kept, what is dropped and how it is said; on a real store, with records of the test's own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { History } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { KeepRule } from "../../../src/daemon/upkeep/retention.ts";
import { Upkeep } from "../../../src/daemon/upkeep/upkeep.ts";
import { eventually } from "../../support/eventually.ts";
import { sessionRow } from "../../support/session-row.ts";

const dayMs = 86_400_000;
const forEver: KeepRule = { ageMs: null, bytes: null };
let dir: string;
let store: Store;
let upkeep: Upkeep;
const failures: unknown[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-"));
  store = new Store(join(dir, "history.db"));
});
afterEach(() => {
  upkeep.stop();
  store.close();
  rmSync(dir, { recursive: true });
  expect(failures.splice(0)).toEqual([]);
});

function start(keep: KeepRule = forEver): void {
  upkeep = new Upkeep({
    store,
    keep,
    keepAuditMs: 365 * dayMs,
    onError: (error) => failures.push(error),
  });
  upkeep.start();
}

function historyOf(id: string): History {
  store.sessions.insert(sessionRow(id));
  return new History(id, 0, store);
}

/** Turns of three records each, `agoDays` ago: their beginning, an answer and their end. */
function turns(history: History, name: string, count: number, agoDays: number, chars = 20): void {
  for (let turn = 0; turn < count; turn++) {
    const id = `${name}${turn}`;
    const at = Date.now() - agoDays * dayMs + turn;
    history.codex("turn/started", { threadId: "t", turn: { id } }, at);
    const item = { type: "agentMessage", id: `i${id}`, text: `${id} ${"x".repeat(chars)}` };
    history.codex("item/completed", { threadId: "t", turnId: id, item }, at);
    history.codex("turn/completed", { threadId: "t", turn: { id, status: "completed" } }, at);
  }
}

const seqs = (history: History) => history.after(0, 1000).map(({ seq }) => seq);
const found = (word: string) => store.said.find({ match: `"${word}"`, limit: 10 }).length;
const filesWith = (text: string) =>
  readdirSync(dir).filter((file) => readFileSync(join(dir, file)).includes(text));
const becomes = (what: string, is: () => boolean) => eventually(is, { what });

test("what is older than the age is dropped, and a record in its place says so", async () => {
  const history = historyOf("a");
  turns(history, "old", 40, 10);
  turns(history, "new", 3, 1);
  start({ ageMs: 5 * dayMs, bytes: null });
  await becomes("the old turns are gone", () => history.after(0, 1)[0]?.seq === 120);
  const [head] = history.after(0, 1);
  expect(head).toMatchObject({ seq: 120, method: "session/trimmed" });
  expect(JSON.parse(head!.params)).toEqual({ records: 120, until: head!.at });
  expect(seqs(history)).toEqual(Array.from({ length: 10 }, (_, place) => 120 + place));
  // An old cursor meets it, a newer one does not.
  expect(history.after(7, 1)[0]?.seq).toBe(120);
  expect(history.after(120, 1)[0]?.seq).toBe(121);
  expect(found("old39")).toBe(0);
  expect(found("new0")).toBe(1);
  await becomes("nothing of it is in a file", () => filesWith("old39").length === 0);
  expect(store.keep.count("a")).toBe(9);
});

test("what is more than the size is dropped, the oldest first, and later more of it", async () => {
  const history = historyOf("a");
  start({ ageMs: null, bytes: 50_000 });
  turns(history, "a", 20, 1, 4_000);
  const size = () => store.keep.get("a")!;
  await becomes("the first are dropped", () => size().indexed === 60 && size().bytes <= 50_000);
  const [first] = history.after(0, 1);
  expect(first?.method).toBe("session/trimmed");
  turns(history, "b", 20, 0, 4_000);
  await becomes("more are", () => size().indexed === 120 && size().bytes <= 50_000);
  const [head, next] = history.after(0, 2);
  expect(JSON.parse(head!.params).records).toBe(head!.seq);
  expect(next?.seq).toBe(head!.seq + 1);
  expect(history.after(0, 1000).at(-1)?.seq).toBe(120);
  // What is counted is what is there.
  const bytes = history
    .after(head!.seq, 1000)
    .reduce((sum, { params }) => sum + Buffer.byteLength(params) + 100, 0);
  expect(Math.abs(size().bytes - bytes)).toBeLessThan(400);
});

test("the last turn stays whole, however old and large", async () => {
  const history = historyOf("a");
  turns(history, "old", 2, 100, 10_000);
  start({ ageMs: dayMs, bytes: 10 });
  await becomes("the first turn is dropped", () => history.after(0, 1)[0]?.seq === 3);
  expect(seqs(history)).toEqual([3, 4, 5, 6]);
});

test("a session's own word counts before the config's", async () => {
  const [own, other] = [historyOf("a"), historyOf("b")];
  for (const history of [own, other]) turns(history, "old", 3, 10);
  store.keep.set("a", { ageMs: 0 });
  start({ ageMs: dayMs, bytes: null });
  await becomes("the other's is dropped", () => other.after(0, 1)[0]?.seq === 6);
  expect(seqs(own)).toHaveLength(9);
  store.keep.set("a", { ageMs: dayMs });
  upkeep.trim("a");
  await becomes("its own, now", () => own.after(0, 1)[0]?.seq === 6);
});

test("of a message that is dropped only its id is known, so that it is not sent twice", async () => {
  const history = historyOf("a");
  const inbox = new Inbox({ id: "a", name: () => "a", maxQueued: () => 10 }, store, history);
  const by = { kind: "cli", user: "ann", from: "" };
  inbox.accept({ text: "forgetful words" }, "queue", "m1", by);
  inbox.delivered("m1", "t1");
  inbox.turnEnded("t1", { turnStatus: "completed", text: "an answer", error: null, usage: null });
  turns(history, "new", 2, 0);
  start({ ageMs: null, bytes: 10 });
  await becomes("it is dropped", () => history.after(0, 1)[0]?.method === "session/trimmed");
  expect(store.messages.get("a", "m1")).toMatchObject({ text: null });
  expect(store.messages.content("a", "m1")).toEqual({ text: "" });
  const again = inbox.accept({ text: "forgetful words" }, "queue", "m1", by);
  expect(again.status).toBe("finished");
});

test("a session that was removed is in no file, also when the daemon died in between", async () => {
  const history = historyOf("a");
  const other = historyOf("b");
  turns(history, "gone", 300, 0, 2_000);
  turns(other, "stays", 1, 0);
  start();
  await upkeep.caughtUp(10_000);
  expect(found("gone299")).toBe(1);
  expect(filesWith("gone299").length).toBeGreaterThan(0);
  store.keep.remove("a", new Date().toISOString());
  upkeep.stop();
  expect(store.sessions.all().map(({ id }) => id)).toEqual(["b"]);
  start();
  await becomes("it is forgotten", () => store.keep.removed().length === 0);
  expect(filesWith("gone")).toEqual([]);
  expect(found("stays0")).toBe(1);
  expect(seqs(other)).toHaveLength(3);
  // The file has given its space back.
  const pages = () => readFileSync(join(dir, "history.db")).length;
  await becomes("the file is small again", () => pages() < 1_500_000);
});

test("a history that nobody looked through yet is indexed from where it was left", async () => {
  const history = historyOf("a");
  turns(history, "a", 100, 0);
  start();
  await upkeep.caughtUp(10_000);
  upkeep.stop();
  turns(history, "b", 100, 0);
  expect(found("b99")).toBe(0);
  start();
  await upkeep.caughtUp(10_000);
  expect(found("a0")).toBe(1);
  expect(found("b99")).toBe(1);
  expect(store.keep.get("a")).toMatchObject({ indexed: 600, seq: 600 });
});

test("old entries of the audit are dropped", async () => {
  const by = { kind: "cli", user: "ann", from: "" };
  const entry = { session: null, name: null, action: "stop", outcome: "done", by, token: null };
  for (const days of [400, 1]) {
    const at = new Date(Date.now() - days * dayMs).toISOString();
    store.audit.insert({ ...entry, at, detail: { days } });
  }
  start();
  const days = () => store.audit.find({ limit: 10 }).map(({ detail }) => detail.days);
  await becomes("one is left", () => days().length === 1);
  expect(days()).toEqual([1]);
});
