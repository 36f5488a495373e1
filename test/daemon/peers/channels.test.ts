/** The channels of links: they end with whom they were opened for, and leave places to others. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Connection } from "../../../src/client/connection.ts";
import { greet } from "../../../src/client/dial.ts";
import { channelsMax, Link } from "../../../src/client/link.ts";
import { openTransport, readUrl } from "../../../src/client/transport.ts";
import { type Chain, createChain } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import type { Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openEvents, openWeb } from "../../support/port.ts";
import { createSession, errorOf } from "../../support/sessions.ts";

let chain: Chain;
let near: Home;
let far: Home;
let connection: Connection;
let url: string;
let token: string;
beforeAll(async () => {
  chain = await createChain(2);
  [near, far] = chain.homes as [Home, Home];
  connection = await far.connect();
  await createSession(far, connection, { name: "bot" });
  await near.ok(["daemon", "stop"]);
  url = await listenOn(near);
  ({ token } = await makeToken(near));
});
afterAll(() => chain.close());

const clients = async () => (await connection.call("daemon/status", {})).clients;
const settled = () =>
  eventually(async () => (await near.cliJson(["ls"]))[0]?.state === "idle", {
    what: "the peer's session is known",
  });

test("a request over HTTP leaves nothing open at the peer that it was about", async () => {
  await settled();
  const before = await clients();
  const paths = ["sessions/b%2Fbot", "sessions/b%2Fnone", "sessions/b%2Fbot/approvals"];
  for (let round = 0; round < 5; round++)
    for (const path of paths) await ask(url, `/v1/${path}`, { token });
  await eventually(async () => (await clients()) === before, { what: "they are gone there" });
});

test("a stream of events is one there for as long as it is read", async () => {
  await settled();
  const before = await clients();
  const stream = await openEvents(url, "/v1/sessions/b%2Fbot/events", { token });
  await stream.until("live", ({ data }) => data.method === "session/live");
  expect(await clients()).toBe(before + 1);
  stream.close();
  await eventually(async () => (await clients()) === before, { what: "it is gone there" });
});

test("an observe token for no session can't keep anybody out, and is revoked as ever", async () => {
  const { id, token: bad } = await makeToken(near, { scope: "observe", sessions: "none" });
  const links: Link[] = [];
  try {
    while (links.length < 10) links.push(await linkWith(bad));
    for (const link of links)
      for (let i = 0; i < channelsMax; i++) link.open().on("error", () => {});
    // What was opened was judged by the time a ping that was sent behind it is answered.
    await Promise.all(links.map((link) => link.ping()));
    const late = new Connection(links[0]!.open());
    expect(await errorOf(late.call("hello", {} as never))).toMatchObject({ exitCode: 6 });
    expect((await near.cliJson(["ls"]))[0]).toMatchObject({ name: "b/bot" });
    const other = await openWeb(url, { token });
    expect((await other.hello()).result).toBeDefined();
    const { clients: held } = await (await near.connect()).call("daemon/status", {});
    expect(held).toBeLessThan(7_000);
    other.close();
    await near.ok(["token", "revoke", id]);
    await eventually(() => links.every(({ closed }) => closed), { what: "its links are cut" });
    expect((await near.connect()).closed).toBe(false);
  } finally {
    for (const link of links) link.close("done");
  }
}, 60_000);

async function linkWith(shown: string): Promise<Link> {
  const where = readUrl(url.replace("http", "ws"));
  const stream = await openTransport(where, {
    token: shown,
    remoteCommand: undefined,
    ca: undefined,
    timeoutMs: 5_000,
  });
  const dialled = new Connection(stream);
  await greet(dialled, { kind: "test", version: "1", user: "", from: "" });
  await dialled.call("peer/link", {});
  const link = new Link(dialled.release(), { asked: true, onClose: () => {} });
  await link.ping();
  return link;
}
