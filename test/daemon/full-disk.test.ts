/**
 * A disk without room, met by each thing that is kept: what can't be stored is as it was before, in
 * memory too, and what comes by itself ends no daemon.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterEach(() => home.close());

/** No file of the daemon's may grow: to SQLite that is a disk that is full, and it shows at the commit. */
const full = (pid = home.daemonPid()) =>
  execFileSync("prlimit", ["--pid", String(pid), "--fsize=1:"]);
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
