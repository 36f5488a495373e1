/** A client that does not read is kept within bounds, and is held by nobody else's feet. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backlogBytesMax } from "../../src/daemon/session/feed.ts";
import type { Frame } from "../support/arrivals.ts";
import { eventually } from "../support/eventually.ts";
import { historyOf } from "../support/history.ts";
import { createHome, type Home } from "../support/home.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";
import { createSession, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome({ config: { maxQueuedSize: "128M" } });
});
afterEach(() => home.close());

/** As a frame each delta has some 350 bytes, so all of them are well past the bound. */
const deltas = 18_000;
const deltaChars = 40;

function residentBytes(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return Number(pages) * 4096;
}

test("a client that stops reading in a flood is set aside, and gets every record when it reads again", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "flood" });
  await createSession(home, connection, { name: "other" });
  const slow = await connectRaw(home.socket);
  await slow.hello();
  slow.request(1, "session/attach", { name: "flood", after: 0 });
  await slow.until("live", ({ params }) => params?.method === "session/live");
  slow.pause();
  const fast = await connectRaw(home.socket);
  await fast.hello();
  fast.request(1, "session/attach", { name: "flood", after: 0 });

  const { messageId } = await connection.call("session/send", {
    name: "flood",
    content: { text: `flood ${deltas}` },
  });
  // The others go on meanwhile, in this session and in the next.
  expect((await say(connection, "other", "say unmoved")).text).toBe("unmoved");
  const { text } = await finished(connection, "flood", messageId);
  expect(text).toHaveLength(deltas * deltaChars);
  const { seq: head } = await home.show("flood");
  await fast.until("the last record", ({ params }) => params?.seq === head);

  // What no record says is said meanwhile, to whom reads.
  await connection.call("session/compose", { name: "flood", text: "not sent yet" });
  await fast.until("what is written", ({ params }) => params?.method === "session/composed");

  slow.resume();
  await slow.until("the last record", ({ params }) => params?.seq === head);
  const whole = (await historyOf(home, "flood")).map(({ seq }) => seq);
  for (const client of [slow, fast]) {
    expect(client.frames.flatMap(({ params }) => params?.seq ?? [])).toEqual(whole);
  }
  // It was spared the deltas that did not fit; the item that they made up is whole.
  const deltasOf = (client: RawClient) =>
    client.frames.filter(({ params }) => params?.method === "item/agentMessage/delta").length;
  expect(deltasOf(slow)).toBeLessThan(deltasOf(fast));
  const recordBytes = 3 * Buffer.byteLength(text ?? "");
  expect(slow.bytesRead).toBeLessThan(backlogBytesMax + recordBytes + 1_000_000);

  // And it is live again, with what stands.
  const isLive = ({ params }: Frame) => params?.method === "session/live";
  await eventually(() => slow.frames.filter(isLive).length === 2, { what: "live again" });
  const before = slow.frames.slice(0, slow.frames.findLastIndex(isLive));
  const last = (method: string) =>
    before.findLast(({ params }) => params?.method === method)?.params?.params;
  expect(last("session/composed")).toMatchObject({ text: "not sent yet", revision: 1 });
  expect(last("session/state")?.session).toMatchObject({ state: "idle", clients: 2 });
  await say(connection, "flood", "say welcome back");
  await slow.until("what comes next", ({ params }) => params?.params?.delta === "welcome back");
  for (const client of [slow, fast]) client.close();
});

test("a history of large records is read in pages that a frame can hold", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "large" });
  await connection.call("session/send", { name: "large", content: { text: "gated large" } });
  await home.model.reached("large");
  // As JSON each of these has 6 MB, and a frame at most 64.
  const text = "\u0001".repeat(1_000_000);
  for (let i = 0; i < 12; i++)
    await connection.call("session/send", { name: "large", content: { text } });
  const { messages } = await connection.call("session/attach", { name: "large" });
  expect(messages.map(({ content }) => content.text.length >= 1_000)).toEqual([
    false,
    ...Array(12).fill(true),
  ]);
  // Told in part, for all of them would be no frame.
  expect(messages[1]).toMatchObject({ cut: true, content: { text: `${text.slice(0, 1_000)}…` } });
  const { cancelled } = await connection.call("session/kill", { name: "large" });
  expect(cancelled).toBe(12);
  const records = await historyOf(home, "large");
  const large = records.filter(({ params }) => JSON.stringify(params).length > 6_000_000);
  expect(large).toHaveLength(12);
  const watcher = await watch(home, "large");
  await watcher.until("live", ({ method }) => method === "session/live");
  expect(watcher.records().map(({ seq }) => seq)).toEqual(records.map(({ seq }) => seq));
  watcher.stop();
});

test("a client that asks and asks and never reads does not fill the daemon's memory", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "big" });
  const { messageId } = await connection.call("session/send", {
    name: "big",
    content: { text: `say ${"x".repeat(500_000)}` },
  });
  await finished(connection, "big", messageId);
  const pid = home.daemonPid();
  const before = residentBytes(pid);
  const greedy = await connectRaw(home.socket);
  await greedy.hello();
  greedy.pause();
  const asked = 2000;
  for (let id = 1; id <= asked; id++)
    greedy.request(id, "session/history", { name: "big", after: 0 });

  expect((await say(connection, "big", "say still served")).text).toBe("still served");
  expect(residentBytes(pid) - before).toBeLessThan(150_000_000);

  greedy.close();
  await eventually(async () => (await connection.call("daemon/status", {})).clients === 1, {
    what: "it is gone",
  });
});
