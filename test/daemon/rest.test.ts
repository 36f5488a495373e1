/** An agent that rests goes to sleep, and one that does not stays awake. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { connectCodex } from "../support/codex-client.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome({ config: { idleTimeout: "1s" } });
  connection = await home.connect();
  home.model.on(/^background/, async function* ({ toolOutput }) {
    const cmd = "while [ ! -e done ]; do sleep 0.1; done";
    if (toolOutput === null) yield { call: "exec_command", arguments: { cmd, yield_time_ms: 250 } };
    else yield { text: "it goes on" };
  });
});
afterAll(() => home.close());

const create = (name: string, limits = {}) => createSession(home, connection, { name, limits });
const stateOf = async (name: string) =>
  (await connection.call("session/show", { name })).session.state;
const sleeps = (name: string) =>
  eventually(async () => (await stateOf(name)) === "asleep", { what: `"${name}" sleeps` });

test("an agent that rests goes to sleep and says why; a message wakes it", async () => {
  await create("alone");
  await say(connection, "alone", "say before");
  const watcher = await watch(home, "alone", { visible: false });
  const { params } = await watcher.until("its sleep", ({ method, params }) => {
    return method === "session/agent" && params.status === "asleep";
  });
  expect(params.reason).toBe("idle for 1s");
  expect(await stateOf("alone")).toBe("asleep");
  const { records } = await connection.call("session/history", { name: "alone" });
  expect(records.some(({ method }) => method === "turn/completed")).toBe(true);
  expect((await say(connection, "alone", "say after")).text).toBe("after");
  expect(home.model.conversation()).toEqual(["say before", "say after"]);
  await sleeps("alone");
  watcher.stop();
});

test("who is attached, an answer that is awaited and a turn keep it awake", async () => {
  await create("watched");
  await connection.call("session/attach", { name: "watched" });
  await create("asking");
  await connection.call("session/send", { name: "asking", content: { text: "ask touch asked" } });
  await create("working");
  await connection.call("session/send", { name: "working", content: { text: "gated rest" } });
  await home.model.reached("rest");
  await eventually(async () => (await stateOf("asking")) === "needs-approval", { what: "it asks" });
  // One that began to rest later, and another after that, have slept meanwhile.
  for (const name of ["later", "latest"]) {
    await create(name);
    await sleeps(name);
  }
  expect([await stateOf("watched"), await stateOf("asking"), await stateOf("working")]).toEqual([
    "idle",
    "needs-approval",
    "working",
  ]);
  home.model.release("rest");
  await connection.call("session/detach", { name: "watched" });
  await connection.call("session/answer", { name: "asking", answer: { decision: "accept" } });
  for (const name of ["watched", "asking", "working"]) await sleeps(name);
});

test("a command that codex left running in the background keeps it awake until it ends", async () => {
  await create("behind");
  await say(connection, "behind", "background please");
  for (const name of ["beside", "besides"]) {
    await create(name);
    await sleeps(name);
  }
  expect(await stateOf("behind")).toBe("idle");
  writeFileSync(join(home.work, "done"), "");
  await sleeps("behind");
});

test("a client of codex's own protocol keeps it awake, and wakes it", async () => {
  await create("official");
  await sleeps("official");
  const { session } = await connection.call("session/show", { name: "official" });
  const client = await connectCodex(session.codexSocket!);
  for (const name of ["one", "two"]) {
    await create(name);
    await sleeps(name);
  }
  expect(await stateOf("official")).toBe("idle");
  client.close();
  await sleeps("official");
});

test("a session has its own word, which can be changed", async () => {
  const { name } = await create("awake", { idleTimeoutMs: 0 });
  const shown = await connection.call("session/show", { name });
  expect(shown.session).toMatchObject({ limits: { idleTimeoutMs: null }, sleepsInMs: null });
  await create("control");
  await sleeps("control");
  expect(await stateOf("awake")).toBe("idle");
  const { session } = await connection.call("session/update", {
    name,
    limits: { idleTimeoutMs: 60_000 },
  });
  expect(session.limits.idleTimeoutMs).toBe(60_000);
  expect(session.sleepsInMs).toBeGreaterThan(30_000);
  expect(session.sleepsInMs).toBeLessThanOrEqual(60_000);
  await connection.call("session/update", { name, limits: { idleTimeoutMs: null } });
  await sleeps("awake");
});

test("an agent that a new daemon finds has rested since it last did something", async () => {
  const limits = { idleTimeoutMs: 3_600_000 };
  await create("long", limits);
  await create("short", limits);
  await home.killDaemon();
  const db = new DatabaseSync(join(home.dir, "state/default/history.db"));
  const twoHoursAgo = new Date(Date.now() - 7_200_000).toISOString();
  db.prepare("UPDATE sessions SET active_at = ? WHERE name = 'long'").run(twoHoursAgo);
  db.close();
  connection = await home.connect();
  await sleeps("long");
  expect(await stateOf("short")).toBe("idle");
  const { session } = await connection.call("session/show", { name: "short" });
  expect(session.sleepsInMs).toBeGreaterThan(3_000_000);
});

test("what is no limit is refused with the rule", async () => {
  for (const limits of [{ idleTimeoutMs: -1 }, { ttlMs: 1.5 }, { maxQueued: 0 }, { nap: 1 }]) {
    const error = await errorOf(
      connection.call("session/update", { name: "short", limits: limits as object }),
    );
    expect(error.code).toBe("invalid-params");
    expect(error.message).toContain(Object.keys(limits)[0]);
  }
});
