import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { backlogBytesMax, Feed, type LiveSubscriber } from "../../../src/daemon/session/feed.ts";

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

  constructor(wantsDeltas = true) {
    this.wantsDeltas = wantsDeltas;
  }

  write(data: Buffer | string): void {
    this.writes.push(String(data));
    if (this.stuck) this.backlogBytes += data.length;
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
  feed.push("a\n", 1);
  feed.push("b\n", 0);
  feed.push("c\n", 2);
  expect(readers[0]!.writes).toEqual([]);
  await nextTurn();
  for (const reader of readers) expect(reader).toMatchObject({ writes: ["a\nb\nc\n"], cursor: 2 });
});

test("who wants no deltas gets none, and no empty writes", async () => {
  const feed = new Feed();
  const calm = new Reader(false);
  feed.join(calm);
  feed.push("delta\n", 0, true);
  await nextTurn();
  expect(calm.writes).toEqual([]);
  feed.push("delta\n", 0, true);
  feed.push("record\n", 1);
  await nextTurn();
  expect(calm).toMatchObject({ writes: ["record\n"], cursor: 1 });
});

test("who joins gets nothing from before, though it was not written out yet", async () => {
  const feed = new Feed();
  const early = new Reader();
  feed.join(early);
  feed.push("old\n", 1);
  const late = new Reader();
  feed.join(late);
  expect(early.writes).toEqual(["old\n"]);
  feed.push("new\n", 2);
  await nextTurn();
  expect(late.writes).toEqual(["new\n"]);
});

test("who falls behind leaves, knows where it was, and takes nobody along", async () => {
  const feed = new Feed();
  const [slow, fast] = [new Reader(), new Reader()];
  slow.stuck = true;
  for (const reader of [slow, fast]) feed.join(reader);
  const large = "x".repeat(backlogBytesMax);
  feed.push(large, 1);
  await nextTurn();
  expect(slow.lagged).toBe(0);
  feed.push("y", 2);
  await nextTurn();
  expect(slow).toMatchObject({ lagged: 1, cursor: 2 });
  feed.push("z", 3);
  await nextTurn();
  expect(slow.writes).toEqual([large, "y"]);
  expect(fast.writes).toEqual([large, "y", "z"]);
  feed.join(slow);
  slow.backlogBytes = 0;
  feed.push("again", 4);
  await nextTurn();
  expect(slow.writes.at(-1)).toBe("again");
});

test("without listeners nothing is kept; what is said at a flush comes last", async () => {
  const feed = new Feed();
  feed.push("nobody hears\n", 1);
  const reader = new Reader();
  feed.join(reader);
  feed.beforeFlush = () => feed.push("state\n", 0);
  feed.push("record\n", 2);
  await nextTurn();
  feed.beforeFlush = () => {};
  expect(reader.writes.join("")).toBe("record\nstate\n");
});
