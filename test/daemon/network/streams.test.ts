/** What follows a session over the port: it loses nothing, repeats nothing, and holds up nobody. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { eventually, within } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openEvents, openWeb } from "../../support/port.ts";
import { createSession, finished, say } from "../../support/sessions.ts";
import { watch } from "../../support/watcher.ts";

let home: Home;
let connection: Connection;
let url: string;
let token: string;
beforeEach(async () => {
  home = await createHome();
  url = await listenOn(home);
  // The next daemon is to be found where this one is.
  home.configure({
    ...JSON.parse(readFileSync(`${home.dir}/config/config.json`, "utf8")),
    listen: [url.slice("http://".length)],
  });
  connection = await home.connect();
  ({ token } = await makeToken(home));
  await createSession(home, connection, { name: "bot" });
});
afterEach(() => home.close());

const events = "/v1/sessions/bot/events";

test("a HEAD of the stream is answered, and ends", async () => {
  const head = await ask(url, `${events}?after=0`, { token, method: "HEAD" });
  expect(head).toMatchObject({ status: 200, text: "" });
  expect(head.headers["content-type"]).toMatch(/^text\/event-stream/);
  expect((await ask(url, "/v1/sessions/no/events", { token, method: "HEAD" })).status).toBe(404);
  expect((await home.show("bot")).clients).toBe(0);
});

test("a socket, a WebSocket and a stream of events are told the same", async () => {
  const local = await watch(home, "bot");
  const web = await openWeb(url, { token });
  await web.hello();
  await web.call("session/attach", { name: "bot", after: 0 });
  const stream = await openEvents(url, `${events}?after=0`, { token });
  expect(stream.status).toBe(200);
  for (const text of ["words 50", "run echo hi", `say ${"ü😀".repeat(40_000)}`])
    await say(connection, "bot", text);
  const { seq: head } = await home.show("bot");
  await local.until("the end", ({ seq }) => seq === head);
  await web.until("the end", ({ params }) => params?.seq === head);
  await stream.until("the end", ({ id }) => Number(id) === head);
  // What is of the moment they may see more or less of, by when they came.
  const toldOf = (all: readonly { seq?: number; method: string }[]) =>
    JSON.stringify(all.filter(({ seq, method }) => seq !== undefined || /delta$/i.test(method)));
  const expected = toldOf(local.events);
  expect(toldOf(web.frames.flatMap(({ params }) => params ?? []))).toBe(expected);
  expect(
    toldOf(stream.events.flatMap(({ event, data }) => (event === "message" ? data : []))),
  ).toBe(expected);
  expect(stream.events[0]).toMatchObject({
    event: "attached",
    data: { session: { name: "bot" }, head: expect.any(Number), approvals: [] },
  });
  for (const { id, data } of stream.events.slice(1))
    expect(id).toBe(data.seq === undefined ? undefined : String(data.seq));
  local.stop();
  web.close();
  stream.close();
});

test("without deltas there are none", async () => {
  const stream = await openEvents(url, `${events}?deltas=false`, { token });
  await say(connection, "bot", "words 20");
  await stream.until("the end", ({ data }) => data.method === "turn/completed");
  expect(stream.events.filter(({ data }) => /delta/i.test(data.method ?? ""))).toEqual([]);
  stream.close();
});

test("Last-Event-ID goes on where a stream broke, through the death of the daemon", async () => {
  await say(connection, "bot", "say before");
  const seen: number[] = [];
  let last: string | undefined;
  const follow = async () => {
    // As EventSource does it: the same URL again, and the last id in a header.
    const stream = await openEvents(url, `${events}?after=0`, {
      token,
      headers: last === undefined ? {} : { "last-event-id": last },
    });
    return stream;
  };
  const take = (stream: Awaited<ReturnType<typeof follow>>) => {
    for (const { id } of stream.events) {
      if (id === undefined) continue;
      seen.push(Number(id));
      last = id;
    }
  };
  for (let round = 0; round < 4; round++) {
    const stream = await follow();
    const { messageId } = await connection.call("session/send", {
      name: "bot",
      content: { text: `gated round${round} done` },
    });
    await home.model.reached(`round${round}`);
    await stream.until("live", ({ data }) => data.method === "session/live");
    await stream.until(
      "it is delivered",
      ({ data }) => data.params?.status === "delivered" && data.params?.id === messageId,
    );
    if (round % 2 === 0) await home.killDaemon();
    else stream.close();
    home.model.release(`round${round}`);
    await within(stream.closed, { what: "the stream breaks" });
    take(stream);
    if (round % 2 === 0) await home.ok(["daemon", "start"]);
    connection = await home.connect();
    await finished(connection, "bot", messageId);
  }
  const { seq: head } = await home.show("bot");
  const stream = await follow();
  await stream.until("live", ({ data }) => data.method === "session/live");
  take(stream);
  stream.close();
  expect(seen.at(-1)).toBe(head);
  expect(seen).toEqual(Array.from({ length: head }, (_, i) => i + 1));
});

test.each(["x", "-1", "1.5", "9999999"])("Last-Event-ID %j is refused", async (id) => {
  const { json } = await ask(url, events, { token, headers: { "last-event-id": id } });
  expect(["request-invalid", "cursor-ahead"]).toContain(json.code);
});

test("a WebSocket that answers no ping is given up; one that does stays", async () => {
  const dead = await openWeb(url, { token });
  const alive = await openWeb(url, { token });
  // It said nothing yet, not even hello: that is its own reason to go.
  const mute = await openWeb(url, { token });
  for (const client of [dead, alive]) await client.hello();
  dead.pause();
  const { clients } = await connection.call("daemon/status", {});
  expect(await within(mute.closed, { what: "the mute one is cut" })).toBe(4408);
  await eventually(
    async () => (await connection.call("daemon/status", {})).clients === clients - 2,
    { what: "the dead one is given up" },
  );
  expect((await alive.call("session/list")).result.sessions).toHaveLength(1);
  alive.close();
  dead.close();
});

test("a daemon that stops says so to its WebSockets, and the next one takes them", async () => {
  const client = await openWeb(url, { token });
  await client.hello();
  await home.ok(["daemon", "restart"]);
  expect(await within(client.closed, { what: "it is told" })).toBe(1012);
  const again = await openWeb(url, { token });
  expect((await again.hello()).result.protocol).toBe(1);
  again.close();
});
