/** What clients see: every record after their cursor, in order, once; and what is on its way. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { deltaField, type SessionEvent } from "../../src/protocol/records.ts";
import type { Transcript } from "../../src/protocol/transcript.ts";
import { eventually } from "../support/eventually.ts";
import { historyOf } from "../support/history.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";
import { type Watcher, watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

const create = (name: string) => createSession(home, connection, { name });
const send = (name: string, text: string, mode: "queue" | "steer" = "queue") =>
  connection.call("session/send", { name, content: { text }, mode });
const seqs = (records: readonly { seq?: number }[]) => records.map(({ seq }) => seq);
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const isDelta = ({ method, params }: SessionEvent) => deltaField(method, params) !== null;
const live = (watcher: Watcher) => watcher.until("live", ({ method }) => method === "session/live");

/** A transcript without what is of the moment: how many clients there are, when it was asked. */
const shown = ({ session: _, ...transcript }: Transcript) => transcript;

test("a cursor gives what comes after it, stored and then live, in order, none twice", async () => {
  await create("cursor");
  await say(connection, "cursor", "say one");
  const { seq: head } = await home.show("cursor");
  const watchers = await Promise.all(
    [0, 1, head - 2, head].map((after) => watch(home, "cursor", { after })),
  );
  await Promise.all(watchers.map(live));
  expect(watchers.map(({ events }) => seqs(events.filter(({ seq }) => seq)))).toEqual(
    [1, 2, head - 1, head + 1].map((from) => range(from, head)),
  );
  const { messageId } = await send("cursor", "say two");
  await Promise.all(watchers.map((watcher) => watcher.message(messageId, "finished")));
  const [all] = watchers;
  expect(all!.records()).toEqual(
    (await historyOf(home, "cursor")).map((record) =>
      expect.objectContaining({
        seq: record.seq,
        method: record.method,
        params: record.params,
        at: record.at,
      }),
    ),
  );
  for (const watcher of watchers) {
    expect(watcher.records()).toEqual(all!.records().slice(-watcher.records().length));
    watcher.stop();
  }
});

test("`last` gives the newest records, neither gives only what is new", async () => {
  await create("last");
  await say(connection, "last", "say one");
  const { seq: head } = await home.show("last");
  const options = [{ last: 3 }, { last: 0 }, { last: 10_000 }, {}];
  const watchers = await Promise.all(
    options.map((option) =>
      watch(home, "last", { ...({ after: undefined } as object), ...option }),
    ),
  );
  await Promise.all(watchers.map(live));
  expect(watchers.map((watcher) => seqs(watcher.records()))).toEqual([
    range(head - 2, head),
    [],
    range(1, head),
    [],
  ]);
  for (const watcher of watchers) watcher.stop();
});

test("history is paged forwards and backwards without holes", async () => {
  await create("pages");
  for (const text of ["one", "two", "three"]) await say(connection, "pages", `say ${text}`);
  const whole = await historyOf(home, "pages");
  const head = whole.length;
  const page = (params: object) => connection.call("session/history", { name: "pages", ...params });
  const forwards: number[] = [];
  for (let after = 0; after < head; after = forwards.at(-1)!) {
    const { records, head: told } = await page({ after, limit: 4 });
    expect(told).toBe(head);
    forwards.push(...records.map(({ seq }) => seq));
  }
  expect(forwards).toEqual(range(1, head));
  let backwards: number[] = [];
  for (let before = head + 1; before > 1; before = backwards[0]!) {
    backwards = [...(await page({ before, limit: 4 })).records.map(({ seq }) => seq), ...backwards];
  }
  expect(backwards).toEqual(range(1, head));
  expect((await page({ limit: 2 })).records).toEqual(whole.slice(-2));
  expect((await page({ before: 1 })).records).toEqual([]);
  expect((await page({ after: head })).records).toEqual([]);
});

test("a cursor past the end is an error, never an empty answer", async () => {
  await create("ahead");
  const { seq: head } = await home.show("ahead");
  for (const method of ["session/attach", "session/history"] as const) {
    const error = await errorOf(connection.call(method, { name: "ahead", after: head + 1 }));
    expect(error).toMatchObject({
      code: "cursor-ahead",
      message: expect.stringContaining(`${head + 1}`),
    });
  }
});

test("who joins in the middle of an answer sees the text so far, then the rest", async () => {
  await create("late");
  const early = await watch(home, "late");
  const { messageId } = await send("late", "gated late and the rest");
  await early.until("the first half", ({ params }) => String(params.delta).includes("before late"));

  const late = await watch(home, "late");
  await live(late);
  const draft = late.events.find(({ method }) => method === "session/draft");
  expect(draft?.params.fields).toEqual({ text: { from: 0, text: "before late ", partial: false } });
  expect(late.events.some(isDelta)).toBe(false);
  expect(shown(late.transcript())).toEqual(shown(early.transcript()));

  home.model.release("late");
  for (const watcher of [early, late]) await watcher.message(messageId, "finished");
  const deltas = late.events.filter(isDelta).map(({ params }) => params.delta);
  expect(deltas.join("")).toBe("and the rest");
  expect(shown(late.transcript())).toEqual(shown(early.transcript()));
  expect(late.transcript().drafts).toEqual([]);
  early.stop();
  late.stop();
});

test("without deltas a client gets the same records and nothing on its way", async () => {
  await create("calm");
  const { messageId } = await send("calm", "gated calm rest");
  await home.model.reached("calm");
  const calm = await watch(home, "calm", { deltas: false });
  const loud = await watch(home, "calm");
  await live(calm);
  home.model.release("calm");
  for (const watcher of [calm, loud]) await watcher.message(messageId, "finished");
  expect(calm.events.filter((event) => isDelta(event) || event.method === "session/draft")).toEqual(
    [],
  );
  expect(loud.events.some(isDelta)).toBe(true);
  expect(calm.records()).toEqual(loud.records());
  calm.stop();
  loud.stop();
});

test("a steering message keeps what was shown of the answer that it cuts off", async () => {
  await create("steered");
  const watcher = await watch(home, "steered");
  const { messageId: first } = await send("steered", "gated steered never shown");
  await watcher.until("the first half", isDelta);
  const { messageId: second } = await send("steered", "say instead", "steer");
  await watcher.message(second, "finished");
  const cut = watcher.records().filter(({ method }) => method === "session/cut");
  expect(cut.map(({ params }) => (params.item as JsonObject).text)).toEqual(["before steered "]);
  const [one, two] = await Promise.all(
    [first, second].map((id) => finished(connection, "steered", id)),
  );
  expect(one!.turnId).toBe(two!.turnId);
  expect(two!.text).toBe("instead");
  expect(watcher.transcript().drafts).toEqual([]);
  watcher.stop();
});

test("attaching twice on one connection gives each event once, and detaching none", async () => {
  await create("twice");
  const client = await home.connect();
  const events: SessionEvent[] = [];
  client.onNotification = (_, params) => void events.push(params as unknown as SessionEvent);
  await client.call("session/attach", { name: "twice", after: 0 });
  await client.call("session/attach", { name: "twice", last: 0 });
  await say(connection, "twice", "say once");
  const records = events.filter(({ seq }) => seq !== undefined);
  expect(new Set(seqs(records)).size).toBe(records.length);
  expect((await home.show("twice")).clients).toBe(1);
  await client.call("session/detach", { name: "twice" });
  events.length = 0;
  await say(connection, "twice", "say nothing here");
  await client.call("session/show", { name: "twice" });
  expect(events).toEqual([]);
});

test("the clients that are there are counted and named, followers that hide are not", async () => {
  await create("counted");
  const clients = async () => (await connection.call("session/show", { name: "counted" })).session;
  const [tui, reader] = [await home.connect("tui"), await home.connect("cli")];
  await tui.call("session/attach", { name: "counted" });
  await reader.call("session/attach", { name: "counted", readOnly: true });
  await (await home.connect()).call("session/attach", { name: "counted", visible: false });
  expect(await clients()).toMatchObject({
    clients: 2,
    attached: [
      { kind: "tui", readOnly: false },
      { kind: "cli", readOnly: true },
    ],
  });
  tui.close();
  await eventually(async () => (await clients()).clients === 1, {
    what: "the TUI's leaving is seen",
  });
  await reader.call("session/detach", { name: "counted" });
  expect(await clients()).toMatchObject({ clients: 0, attached: [] });
});

test("a client that attached read-only changes nothing", async () => {
  await create("museum");
  await send("museum", "ask echo hands off");
  await eventually(async () => (await home.show("museum")).approvals === 1, {
    what: "an approval waits",
  });
  const visitor = await home.connect();
  const name = "museum";
  const { approvals } = await visitor.call("session/attach", { name, readOnly: true });
  const attempts = {
    "session/send": { name, content: { text: "hello" } },
    "session/answer": { name, id: approvals[0]!.id, answer: { decision: "accept" } },
    "session/interrupt": { name },
    "session/sleep": { name, force: true },
    "session/restart": { name, force: true },
    "session/wake": { name },
    "session/rename": { name, to: "mine" },
    "session/call": { name, method: "thread/read", params: {} },
    "session/kill": { name },
  } as const;
  for (const [method, params] of Object.entries(attempts)) {
    const attempt = visitor.call(method as keyof typeof attempts, params as never);
    expect((await errorOf(attempt)).code, method).toBe("not-allowed");
  }
  expect(await home.show(name)).toMatchObject({ state: "needs-approval", approvals: 1, queued: 0 });
  // Reading is what it came for, also of a session that has ended, which it can't remove either.
  expect((await visitor.call("session/history", { name })).records.length).toBeGreaterThan(0);
  await connection.call("session/kill", { name });
  expect((await errorOf(visitor.call("session/remove", { name }))).code).toBe("not-allowed");
});

test("an ended session can still be read, and records outlive the daemon", async () => {
  await create("archive");
  await say(connection, "archive", "say for posterity");
  await connection.call("session/kill", { name: "archive" });
  const before = await historyOf(home, "archive");
  await home.killDaemon();
  expect(await historyOf(home, "archive")).toEqual(before);
  const reader = await watch(home, "archive");
  await live(reader);
  expect(seqs(reader.records())).toEqual(seqs(before));
  reader.stop();
});
