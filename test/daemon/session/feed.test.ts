import { createRequire } from "node:module";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { backlogBytesMax, Feed, type LiveSubscriber } from "../../../src/daemon/session/feed.ts";
import {
  type EventFrame,
  type Framing,
  lines,
  serverSentEvents,
  textFrames,
  toTextFrames,
} from "../../../src/daemon/session/framing.ts";

const plain: Framing = (events) => Buffer.from(events.map(({ json }) => json).join(""));
const event = (json: string, seq: number, isDelta = false): EventFrame => ({ json, seq, isDelta });

/** A client whose kernel takes nothing until it is told to. */
class Reader implements LiveSubscriber {
  writes: string[] = [];
  cursor = 0;
  lagged = 0;
  backlogBytes = 0;
  readonly closed = false;
  readonly sink = this;
  readonly wantsDeltas: boolean;
  stuck = false;

  readonly framing: Framing;

  constructor(wantsDeltas = true, framing = plain) {
    this.wantsDeltas = wantsDeltas;
    this.framing = framing;
  }

  write(bytes: Buffer): void {
    this.writes.push(String(bytes));
    if (this.stuck) this.backlogBytes += bytes.length;
  }

  whenDrained(): void {}

  fail(error: unknown): void {
    throw error;
  }

  onLagging(): void {
    this.lagged++;
  }
}

test("what comes within one turn of the event loop is one write, the same bytes for all", async () => {
  const feed = new Feed();
  const readers = [new Reader(), new Reader()];
  for (const reader of readers) feed.join(reader);
  feed.push(event("a\n", 1));
  feed.push(event("b\n", 0));
  feed.push(event("c\n", 2));
  expect(readers[0]!.writes).toEqual([]);
  await nextTurn();
  for (const reader of readers) expect(reader).toMatchObject({ writes: ["a\nb\nc\n"], cursor: 2 });
});

test("who wants no deltas gets none, and no empty writes", async () => {
  const feed = new Feed();
  const calm = new Reader(false);
  feed.join(calm);
  feed.push(event("delta\n", 0, true));
  await nextTurn();
  expect(calm.writes).toEqual([]);
  feed.push(event("delta\n", 0, true));
  feed.push(event("record\n", 1));
  await nextTurn();
  expect(calm).toMatchObject({ writes: ["record\n"], cursor: 1 });
});

test("who joins gets nothing from before, though it was not written out yet", async () => {
  const feed = new Feed();
  const early = new Reader();
  feed.join(early);
  feed.push(event("old\n", 1));
  const late = new Reader();
  feed.join(late);
  expect(early.writes).toEqual(["old\n"]);
  feed.push(event("new\n", 2));
  await nextTurn();
  expect(late.writes).toEqual(["new\n"]);
});

test("who falls behind leaves, knows where it was, and takes nobody along", async () => {
  const feed = new Feed();
  const [slow, fast] = [new Reader(), new Reader()];
  slow.stuck = true;
  for (const reader of [slow, fast]) feed.join(reader);
  const large = "x".repeat(backlogBytesMax);
  feed.push(event(large, 1));
  await nextTurn();
  expect(slow.lagged).toBe(0);
  feed.push(event("y", 2));
  await nextTurn();
  expect(slow).toMatchObject({ lagged: 1, cursor: 2 });
  feed.push(event("z", 3));
  await nextTurn();
  expect(slow.writes).toEqual([large, "y"]);
  expect(fast.writes).toEqual([large, "y", "z"]);
  feed.join(slow);
  slow.backlogBytes = 0;
  feed.push(event("again", 4));
  await nextTurn();
  expect(slow.writes.at(-1)).toBe("again");
});

test("without listeners nothing is kept; what is said at a flush comes last", async () => {
  const feed = new Feed();
  feed.push(event("nobody hears\n", 1));
  const reader = new Reader();
  feed.join(reader);
  feed.beforeFlush = () => feed.push(event("state\n", 0));
  feed.push(event("record\n", 2));
  await nextTurn();
  feed.beforeFlush = () => {};
  expect(reader.writes.join("")).toBe("record\nstate\n");
});

test("what stands is told once, and again once somebody came", async () => {
  const feed = new Feed();
  const say = (text: string, at: number) =>
    feed.stand("state", `"${text}"`, event(`{"at":${at},"params":"${text}"}`, 0));
  const [early, late] = [new Reader(), new Reader()];
  feed.join(early);
  say("one", 1);
  say("one", 2);
  await nextTurn();
  expect(early.writes).toEqual(['{"at":1,"params":"one"}']);
  feed.join(late);
  say("one", 3);
  say("one", 4);
  say("two", 5);
  await nextTurn();
  expect(late.writes).toEqual(['{"at":3,"params":"one"}{"at":5,"params":"two"}']);
});

test("the last of each kind stands for whoever was not there", () => {
  const feed = new Feed();
  const say = (method: string, json: string) => feed.stand(method, "", event(json, 0));
  say("state", "idle");
  const { place } = feed;
  expect(feed.standingAfter(place)).toEqual([]);
  for (const state of ["working", "idle again"]) say("state", state);
  say("composed", "hello");
  const jsons = (after: number) => feed.standingAfter(after).map(({ json }) => json);
  expect(jsons(place)).toEqual(["idle again", "hello"]);
  expect(jsons(feed.place)).toEqual([]);
});

test("each framing is made once, whoever wants it", async () => {
  const feed = new Feed();
  let made = 0;
  const counted: Framing = (events) => {
    made++;
    return plain(events);
  };
  for (const framing of [counted, lines, counted]) feed.join(new Reader(true, framing));
  for (const deltas of [false, false]) feed.join(new Reader(deltas, counted));
  feed.push(event("{}", 1));
  await nextTurn();
  expect(made).toBe(2);
});

test("the same events, as lines, as text frames and as server-sent events", () => {
  const events = [event('{"seq":7}', 7), event(`{"x":"${"ü".repeat(200)}"}`, 0)];
  const notification = (json: string) =>
    `{"jsonrpc":"2.0","method":"session/event","params":${json}}`;
  const notifications = events.map(({ json }) => notification(json));
  expect(String(lines(events))).toBe(notifications.map((text) => `${text}\n`).join(""));
  expect(String(serverSentEvents(events))).toBe(
    `id: 7\ndata: ${events[0]!.json}\n\ndata: ${events[1]!.json}\n\n`,
  );
  expect(readFrames(textFrames(events))).toEqual(notifications);
});

test.each([0, 1, 125, 126, 65_535, 65_536, 70_000])("a text frame of %i bytes", (length) => {
  const text = "x".repeat(length);
  const json = JSON.stringify(text);
  expect(readFrames(textFrames([event(json, 0), event(json, 0)]))).toHaveLength(2);
  expect(readFrames(toTextFrames([text, ""]))).toEqual([text, ""]);
});

/** What any reader of WebSocket makes of it. */
function readFrames(bytes: Buffer): string[] {
  const { Receiver } = createRequire(import.meta.url)("ws");
  const receiver = new Receiver({ isServer: false });
  const texts: string[] = [];
  receiver.on("message", (data: Buffer) => texts.push(String(data)));
  receiver.on("error", (error: Error) => {
    throw error;
  });
  receiver.write(bytes);
  return texts;
}
