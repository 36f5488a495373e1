/**
 * A disk without room, met by each thing that is kept: what can't be stored is as it was before, in
 * memory too, and what comes by itself ends no daemon.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { PeerInfo } from "../../src/protocol/session.ts";
import { unixUrl } from "../support/chain.ts";
import { eventually, within } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { ask, listenOn, makeToken, openWeb } from "../support/port.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterEach(() => home.close());

/** No file of the daemon's may grow: to SQLite that is a disk that is full, and it shows at the commit. */
const full = (pid = home.daemonPid(), bytes = 1) =>
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
const roomAgain = (pid = home.daemonPid()) =>
  execFileSync("prlimit", ["--pid", String(pid), "--fsize=unlimited:"]);

const refused = async (call: Promise<unknown>) => (await errorOf(call)).code;
const states = async () =>
  (await connection.call("session/list", { all: true })).sessions.map(
    ({ name, state }) => `${name} ${state}`,
  );

test("a message that could not be taken back is still delivered", async () => {
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "say before");
  await connection.call("session/panic", { name: "bot" });
  await connection.call("session/send", { name: "bot", id: "m", content: { text: "say kept" } });
  full();
  expect(await refused(connection.call("session/withdraw", { name: "bot", id: "m" }))).toBe(
    "state-unwritable",
  );
  roomAgain();
  expect((await connection.call("session/show", { name: "bot" })).session).toMatchObject({
    queued: 1,
  });
  await connection.call("session/wake", { name: "bot" });
  expect(await finished(connection, "bot", "m")).toMatchObject({
    turnStatus: "completed",
    text: "kept",
  });
});

test("a session that could not be renamed or killed is there under its name, and can be", async () => {
  await createSession(home, connection, { name: "bot" });
  await connection.call("session/sleep", { name: "bot" });
  full();
  const rename = { name: "bot", to: "other" };
  expect(await refused(connection.call("session/rename", rename))).toBe("state-unwritable");
  expect(await refused(connection.call("session/kill", { name: "bot" }))).toBe("state-unwritable");
  expect(await states()).toEqual(["bot asleep"]);
  expect(await refused(connection.call("session/remove", { name: "bot" }))).toBe("session-busy");
  roomAgain();
  await createSession(home, connection, { name: "other" });
  // It lives on as if nobody had tried, and codex's own clients reach it.
  expect(existsSync(String((await home.show("bot")).codexSocket))).toBe(true);
  expect(await say(connection, "bot", "say still here")).toMatchObject({ text: "still here" });
  expect(await connection.call("session/kill", { name: "bot" })).toMatchObject({ cancelled: 0 });
  full();
  expect(await refused(connection.call("session/remove", { name: "bot" }))).toBe(
    "state-unwritable",
  );
  expect((await states()).toSorted()).toEqual(["bot ended", expect.stringMatching(/^other /)]);
  roomAgain();
  await connection.call("session/remove", { name: "bot" });
  expect(await states()).toEqual([expect.stringMatching(/^other /)]);
});

test("a token's end counts though it can't be written down, and is once there is room", async () => {
  await home.ok(["daemon", "stop"]);
  const url = await listenOn(home);
  connection = await home.connect();
  const pid = home.daemonPid();
  const [kept, ...over] = [
    await makeToken(home),
    await makeToken(home),
    await makeToken(home, { expiresMs: 3_000 }),
  ];
  const clients = await Promise.all(
    over.map(async ({ token }) => {
      const client = await openWeb(url, { token });
      await client.hello();
      return client;
    }),
  );
  full();
  // That a token was used is nothing that its use would wait for.
  expect((await ask(url, "/v1/sessions", { token: kept!.token })).status).toBe(200);
  expect(await refused(connection.call("token/revoke", { id: over[0]!.id }))).toBe(
    "state-unwritable",
  );
  for (const client of clients)
    expect(await within(client.closed, { what: "it is cut" })).toBe(4401);
  for (const { token } of over)
    expect((await ask(url, "/v1/sessions", { token })).status).toBe(401);
  expect(home.daemonPids()).toEqual([pid]);
  roomAgain();
  for (const { id } of over) await connection.call("token/revoke", { id });
  await home.killDaemon();
  const [again] = (await home.cliJson(["daemon", "start", "--listen", "127.0.0.1:0"])).listen;
  for (const { token } of over)
    expect((await ask(again, "/v1/sessions", { token })).status).toBe(401);
  expect((await ask(again, "/v1/sessions", { token: kept!.token })).status).toBe(200);
});

test("a peer's link may be lost, and one that can't be stored is not there", async () => {
  const far = await createHome();
  await far.ok(["daemon", "start"]);
  await home.ok(["peer", "add", "far", unixUrl(far)]);
  const pid = home.daemonPid();
  const state = async () => (await home.cliJson(["peer", "ls"]))[0].state;
  full();
  const added = connection.call("peer/add", { name: "other", url: unixUrl(far) });
  expect(await refused(added)).toBe("state-unwritable");
  expect(await refused(connection.call("peer/remove", { name: "far" }))).toBe("state-unwritable");
  await far.ok(["daemon", "stop"]);
  await eventually(async () => (await state()) === "unreachable", { what: "the link is down" });
  expect(home.daemonPids()).toEqual([pid]);
  roomAgain();
  await home.killDaemon();
  expect((await home.cliJson(["peer", "ls"])).map((peer: PeerInfo) => peer.name)).toEqual(["far"]);
  await far.close();
});

test("a session that can't be stored is not there, and leaves nothing; nor does a daemon that died over it", async () => {
  const directories = () => readdirSync(join(home.dir, "state/default/sessions"));
  await createSession(home, connection, { name: "bot" });
  const its = directories();
  // Room for the files that it is run with, and none in the history.
  for (const bytes of [1, 10_000]) {
    full(home.daemonPid(), bytes);
    expect(await refused(createSession(home, connection, { name: "new" }))).toBe(
      "state-unwritable",
    );
    expect(await states()).toEqual([expect.stringMatching(/^bot /)]);
    expect(directories()).toEqual(its);
  }
  roomAgain();
  await createSession(home, connection, { name: "new" });
  const [left, begun] = ["0123456789abcdef", "fedcba9876543210"].map((id) =>
    join(home.dir, "state/default/sessions", id),
  );
  for (const directory of [left!, begun!]) mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(left!, "env.json"), "{}");
  writeFileSync(join(begun!, "agent.log"), "of a history that was moved away");
  await home.killDaemon();
  connection = await home.connect();
  expect([existsSync(left!), existsSync(begun!), directories().length]).toEqual([false, true, 3]);
});
