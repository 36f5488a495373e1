/** More sessions than may run: who makes room, who waits in line, and that everybody's turn comes. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { eventually } from "../support/eventually.ts";
import { clientIdsIn } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome({ config: { maxAgents: 2 } });
  connection = await home.connect();
});
afterEach(() => home.close());

const create = (name: string) => createSession(home, connection, { name });
const send = (name: string, text: string) =>
  connection.call("session/send", { name, content: { text } });
const info = async (name: string) => (await connection.call("session/show", { name })).session;
const becomes = (name: string, state: string, place?: number) =>
  eventually(
    async () => {
      const now = await info(name);
      if (now.state === state && (place === undefined || now.place === place)) return true;
      throw new Error(`it is ${now.state}, in place ${now.place}`);
    },
    { what: `"${name}" is ${state} ${place ?? ""}` },
  );
/** Both slots are taken by turns that go on until they are released. */
async function fill(): Promise<void> {
  for (const name of ["a", "b"]) {
    await create(name);
    await send(name, `gated ${name}`);
    await home.model.reached(name);
  }
}
const agents = async () => (await connection.call("daemon/status", {})).agents;

test("the agent that rests longest makes room, and says for what", async () => {
  await create("old");
  await create("young");
  const watcher = await watch(home, "old", { visible: false });
  const { state } = await create("new");
  expect(state).toBe("idle");
  const { params } = await watcher.until("its sleep", ({ method, params }) => {
    return method === "session/agent" && params.status === "asleep";
  });
  expect(params.reason).toBe("another session needed its slot");
  expect((await info("young")).state).toBe("idle");
  expect(await agents()).toEqual({ running: 2, max: 2, waiting: 0 });
  // To wake it by hand takes another's slot in turn, and one that is attached to is no other.
  await connection.call("session/attach", { name: "young" });
  expect((await connection.call("session/wake", { name: "old" })).session.state).toBe("idle");
  await becomes("new", "asleep");
  expect(home.agentPids()).toHaveLength(2);
  watcher.stop();
});

test("where none rests, sessions wait in line, in order, and see their place", async () => {
  await fill();
  const { session: c } = await connection.call("session/new", {
    name: "c",
    spec: { cwd: home.work },
    env: home.env,
    prompt: { text: "gated c" },
  });
  expect(c).toMatchObject({ state: "queued", place: 1, queued: 1 });
  const d = await create("d");
  expect(d).toMatchObject({ state: "queued", place: 2, agentPid: null });
  expect(await agents()).toEqual({ running: 2, max: 2, waiting: 2 });
  expect(await home.ok(["ls"])).toMatch(/^d\s+queued, 2nd in line/m);
  expect(await home.ok(["show", "d"])).toMatch(/^state\s+queued, 2nd in line/m);
  expect(await home.ok(["daemon", "status"])).toMatch(/^agents\s+2 of 2 running, 2 in line/m);
  const woken = await home.cli(["wake", "d"]);
  expect(woken.stderr).toContain("d is queued, 2nd in line");

  const { messageId } = await send("d", "say at last");
  const watcher = await watch(home, "d", { visible: false });
  home.model.release("a");
  await home.model.reached("c");
  await watcher.until("its new place", ({ method, params }) => {
    return method === "session/state" && (params.session as { place?: number }).place === 1;
  });
  expect(await info("a")).toMatchObject({ state: "asleep" });
  home.model.release("b");
  expect(await finished(connection, "d", messageId)).toMatchObject({ text: "at last" });
  home.model.release("c");
  await becomes("c", "idle");
  for (const name of ["a", "b", "c", "d"]) await expectWhole(home, name);
  watcher.stop();
});

test("who is put to sleep or killed in the line is out of it", async () => {
  await fill();
  for (const name of ["c", "d", "e"]) await create(name);
  await becomes("e", "queued", 3);
  expect((await connection.call("session/sleep", { name: "c" })).session.state).toBe("asleep");
  await becomes("e", "queued", 2);
  expect((await connection.call("session/kill", { name: "d" })).session.state).toBe("ended");
  await becomes("e", "queued", 1);
  // With a message it stands in line, and without its place the message waits.
  const { messageId } = await send("e", "say e");
  await connection.call("session/sleep", { name: "e" });
  expect(await info("e")).toMatchObject({ state: "asleep", queued: 1 });
  home.model.release("a");
  await becomes("a", "idle");
  expect(await agents()).toMatchObject({ running: 2, waiting: 0 });
  await connection.call("session/wake", { name: "e" });
  expect(await finished(connection, "e", messageId)).toMatchObject({ text: "e" });
});

test("one with a long queue gives way after a turn, and none of it is lost", async () => {
  home.configure({ ...(await config()), maxAgents: 1 });
  await home.ok(["daemon", "restart"]);
  connection = await home.connect();
  await create("long");
  await send("long", "gated first");
  await home.model.reached("first");
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) ids.push((await send("long", `say ${i}`)).messageId);
  await create("other");
  const others: string[] = [];
  for (let i = 0; i < 3; i++) others.push((await send("other", `say other ${i}`)).messageId);
  await becomes("other", "queued", 1);
  home.model.release("first");
  for (const [i, id] of others.entries())
    expect(await finished(connection, "other", id)).toMatchObject({ text: `other ${i}` });
  for (const [i, id] of ids.entries())
    expect(await finished(connection, "long", id)).toMatchObject({ text: `${i}` });
  // They took turns: neither was through before the other had begun.
  const said = home.model.texts().filter((text) => text !== "gated first");
  expect(said.slice(0, 4)).toEqual(["say other 0", "say 0", "say other 1", "say 1"]);
  expect(clientIdsIn(await expectWhole(home, "long")).slice(1)).toEqual(ids);
});

test("an agent that crashed waits for a slot like all others", async () => {
  await fill();
  await create("c");
  await becomes("c", "queued", 1);
  const { messageId } = await send("a", "say again");
  const watcher = await watch(home, "c", { visible: false });
  await home.killAgent("a");
  // It rests as soon as it has started, and makes room for the one that crashed.
  for (const status of ["started", "asleep"])
    await watcher.until(`c is ${status}`, ({ method, params }) => {
      return method === "session/agent" && params.status === status;
    });
  expect(await finished(connection, "a", messageId)).toMatchObject({ text: "again" });
  expect(home.agentPids()).toHaveLength(2);
  home.model.release("b");
  watcher.stop();
});

test("what an earlier daemon left running counts, and those too many go when they rest", async () => {
  await fill();
  await create("c");
  await becomes("c", "queued", 1);
  const { messageId } = await send("c", "say c");
  await home.killDaemon();
  home.configure({ ...(await config()), maxAgents: 1 });
  connection = await home.connect();
  await becomes("a", "working");
  await becomes("b", "working");
  await becomes("c", "queued", 1);
  expect(await agents()).toMatchObject({ running: 2, max: 1, waiting: 1 });
  home.model.release("a");
  await becomes("a", "asleep");
  expect((await info("c")).state).toBe("queued");
  home.model.release("b");
  expect(await finished(connection, "c", messageId)).toMatchObject({ text: "c" });
  expect(home.agentPids()).toHaveLength(1);
});

test("a fork that waits when the daemon dies is still one of its thread", async () => {
  await create("source");
  await say(connection, "source", "say in the source");
  await fill();
  const { session } = await connection.call("session/fork", {
    name: "source",
    to: "copy",
    env: home.env,
  });
  expect(session).toMatchObject({ state: "queued", threadId: null });
  await home.killDaemon();
  connection = await home.connect();
  home.model.release("a");
  home.model.release("b");
  expect((await say(connection, "copy", "say in the copy")).text).toBe("in the copy");
  expect(home.model.conversation()).toEqual(["say in the source", "say in the copy"]);
});

test("what is wrong with a session is said at once, also when it would have to wait", async () => {
  await fill();
  const missing = createSession(home, connection, { name: "x", spec: { cwd: "/nowhere" } });
  expect((await errorOf(missing)).code).toBe("directory-missing");
  const profile = createSession(home, connection, { name: "y", spec: { profile: "none" } });
  expect((await errorOf(profile)).code).toBe("profile-missing");
  expect((await connection.call("session/list", {})).sessions.map(({ name }) => name)).toEqual([
    "a",
    "b",
  ]);
  expect(await agents()).toMatchObject({ waiting: 0 });
});

test("a daemon that stops starts none of those in line", async () => {
  await create("a");
  await create("b");
  for (const name of ["a", "b"]) await connection.call("session/attach", { name });
  const { messageId } = await createAndSend("c");
  await becomes("c", "queued", 1);
  await home.ok(["daemon", "stop"]);
  await eventually(() => home.agentPids().length === 0, { what: "no agent is left" });
  connection = await home.connect();
  expect(await finished(connection, "c", messageId)).toMatchObject({ text: "c" });
});

async function createAndSend(name: string): Promise<{ messageId: string }> {
  await create(name);
  return send(name, `say ${name}`);
}

async function config(): Promise<object> {
  const { readFileSync } = await import("node:fs");
  return JSON.parse(readFileSync(`${home.dir}/config/config.json`, "utf8"));
}
