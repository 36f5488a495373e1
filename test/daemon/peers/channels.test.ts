/** The channels of links: they end with whom they were opened for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { type Chain, createChain } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import type { Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openEvents } from "../../support/port.ts";
import { createSession } from "../../support/sessions.ts";

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
