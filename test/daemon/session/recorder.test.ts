/** What follows from what codex says, on a real store: codex is played by the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Approvals } from "../../../src/daemon/session/approvals.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import { Recorder } from "../../../src/daemon/session/recorder.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { Json, JsonObject } from "../../../src/protocol/messages.ts";
import { sessionRow } from "../../support/session-row.ts";

const session = "s";
const threadId = "thread";
let dir: string;
let store: Store;
let inbox: Inbox;
let recorder: Recorder;
/** What codex's list of turns is, newest first. */
let turns: JsonObject[];
/** What the session was told afterwards. */
let told: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-"));
  store = new Store(join(dir, "history.db"));
  store.sessions.insert(sessionRow(session, "bot"));
  turns = [];
  told = [];
  const name = () => "bot";
  const history = new History(session, 0, store);
  inbox = new Inbox({ id: session, name, maxQueued: () => 10 }, store, history);
  recorder = new Recorder(
    {
      session,
      store,
      history,
      inbox,
      approvals: new Approvals(
        { id: session, name, agent: () => "agent" },
        store,
        history,
        () => {},
      ),
      threadId: () => threadId,
      call: async (method): Promise<Json> =>
        method === "thread/turns/list" ? { data: turns } : { thread: { status: { type: "idle" } } },
      interrupting: () => false,
      onChange: () => {},
      onProgress: () => told.push(recorder.occupied ? "progress, occupied" : "progress"),
      onTurnEnd: () => told.push("end"),
      turnEnding: () => null,
      onSettings: () => {},
      onOdd: (_what, error) => {
        throw error;
      },
      onStoreError: (error) => {
        throw error;
      },
    },
    new Date().toISOString(),
  );
});
afterEach(async () => {
  await toldAll();
  store.close();
  rmSync(dir, { recursive: true });
});

/** What was heard is acted upon a turn of the loop later. */
const toldAll = () => new Promise((resolve) => setImmediate(resolve));
const by = { kind: "cli", user: "ann", from: "pid 1" };
const turn = (status: string, items: JsonObject[] = []) => ({ id: "turn", status, items });
const said = { type: "userMessage", id: "item", clientId: "m", content: [] };
const heard = (method: string, params: JsonObject) =>
  recorder.heard({ method, params: { threadId, ...params }, emittedAtMs: undefined });

test("a message that codex lists in a turn whose end was told before is finished as the turn was", async () => {
  inbox.accept({ text: "hello" }, "queue", "m", by);
  const [message] = store.messages.open(session);
  inbox.attempt(message!);
  heard("turn/started", { turn: turn("inProgress") });
  heard("turn/completed", { turn: turn("interrupted") });
  expect(inbox.receipt("m")).toMatchObject({ status: "accepted" });
  turns = [turn("interrupted", [said])];
  await recorder.reconcile();
  expect(inbox.receipt("m")).toMatchObject({
    status: "finished",
    turnId: "turn",
    turnStatus: "interrupted",
  });
  expect(inbox.hasOpen).toBe(false);
});

test("one that it tells of in a running turn is finished with that", () => {
  inbox.accept({ text: "hello" }, "queue", "m", by);
  heard("turn/started", { turn: turn("inProgress") });
  heard("item/completed", { turnId: "turn", item: said });
  expect(inbox.receipt("m")).toMatchObject({ status: "delivered", turnStatus: null });
  heard("turn/completed", { turn: turn("completed") });
  expect(inbox.receipt("m")).toMatchObject({ status: "finished", turnStatus: "completed" });
});

test("until the end of a turn is told the session counts as occupied, whatever comes before that", async () => {
  inbox.accept({ text: "hello" }, "queue", "m", by);
  heard("turn/started", { turn: turn("inProgress") });
  heard("item/completed", { turnId: "turn", item: said });
  heard("turn/completed", { turn: turn("completed") });
  await toldAll();
  expect(told).toEqual(["progress, occupied", "end"]);
  expect(recorder.occupied).toBe(false);
});
