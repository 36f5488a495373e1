/** An agent's day: it is put to sleep, wakes for a message, is started anew, and is called. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { eventually } from "../support/eventually.ts";
import { clientIdsIn } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { isRunning } from "../support/processes.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

const create = (name: string) => createSession(home, connection, { name });
const send = (name: string, text: string) =>
  connection.call("session/send", { name, content: { text } });

test("a sleeping session has no process; a message wakes it into the same thread", async () => {
  const { agentPid, threadId } = await create("sleeper");
  await say(connection, "sleeper", "say before");
  const { session } = await connection.call("session/sleep", { name: "sleeper" });
  expect(session).toMatchObject({ state: "asleep", agentPid: null, threadId });
  expect(isRunning(agentPid!)).toBe(false);
  // Once more changes nothing.
  expect((await connection.call("session/sleep", { name: "sleeper" })).session.state).toBe(
    "asleep",
  );

  expect((await say(connection, "sleeper", "say after")).text).toBe("after");
  expect(home.model.conversation()).toEqual(["say before", "say after"]);
  expect((await home.show("sleeper")).threadId).toBe(threadId);
  await expectWhole(home, "sleeper");
});

test("a session that was never spoken to sleeps and wakes as well", async () => {
  await create("mute");
  await connection.call("session/sleep", { name: "mute" });
  const { session } = await connection.call("session/wake", { name: "mute" });
  expect(session.state).toBe("idle");
  expect((await say(connection, "mute", "say first words")).text).toBe("first words");
  await connection.call("session/restart", { name: "mute" });
  expect((await say(connection, "mute", "say second words")).text).toBe("second words");
  expect(home.model.conversation()).toEqual(["say first words", "say second words"]);
});

test("many who wake it at once get one agent", async () => {
  await create("popular");
  await connection.call("session/sleep", { name: "popular" });
  const before = home.agentPids().length;
  const wakes = Array.from({ length: 10 }, () =>
    connection.call("session/wake", { name: "popular" }),
  );
  const pids = (await Promise.all(wakes)).map(({ session }) => session.agentPid);
  expect(new Set(pids).size).toBe(1);
  expect(home.agentPids()).toHaveLength(before + 1);
});

test("a session in a turn is not put to sleep or restarted, unless by force", async () => {
  await create("busy");
  const { messageId: first } = await send("busy", "gated busy-1");
  await home.model.reached("busy-1");
  const { agentPid } = (await connection.call("session/show", { name: "busy" })).session;
  for (const method of ["session/sleep", "session/restart"] as const) {
    const error = await errorOf(connection.call(method, { name: "busy" }));
    expect(error).toMatchObject({ code: "session-busy", next: expect.stringContaining("--force") });
  }
  expect(isRunning(agentPid!)).toBe(true);

  const { session } = await connection.call("session/restart", { name: "busy", force: true });
  expect(session.agentPid).not.toBe(agentPid);
  expect(await finished(connection, "busy", first)).toMatchObject({ turnStatus: "interrupted" });

  const { messageId: second } = await send("busy", "gated busy-2");
  await home.model.reached("busy-2");
  const asleep = await connection.call("session/sleep", { name: "busy", force: true });
  expect(asleep.session.state).toBe("asleep");
  expect(await finished(connection, "busy", second)).toMatchObject({ turnStatus: "interrupted" });
  expect(clientIdsIn(await expectWhole(home, "busy"))).toEqual([first, second]);
});

test("what is queued behind a turn waits out a forced restart, and is not cut off by it", async () => {
  await create("queue");
  for (let round = 0; round < 3; round++) {
    await send("queue", `gated queue-${round}`);
    await home.model.reached(`queue-${round}`);
    const { messageId } = await send("queue", `slow 5 50`);
    await connection.call("session/restart", { name: "queue", force: true });
    const receipt = await finished(connection, "queue", messageId);
    expect(receipt).toMatchObject({
      turnStatus: "completed",
      text: "word0 word1 word2 word3 word4 ",
    });
  }
});

test("what is queued when a session is put to sleep goes out when it wakes", async () => {
  await create("rest");
  await send("rest", "gated rest");
  await home.model.reached("rest");
  const { messageId } = await send("rest", "say rested");
  const { session } = await connection.call("session/sleep", { name: "rest", force: true });
  expect(session).toMatchObject({ state: "asleep", queued: 1 });
  await connection.call("session/wake", { name: "rest" });
  expect(await finished(connection, "rest", messageId)).toMatchObject({ text: "rested" });
});

test("a message that comes while the session is put to sleep wakes it again", async () => {
  await create("restless");
  for (let round = 0; round < 3; round++) {
    const asleep = connection.call("session/sleep", { name: "restless" });
    const { messageId } = await send("restless", `say ${round}`);
    await asleep;
    expect(await finished(connection, "restless", messageId)).toMatchObject({ text: `${round}` });
  }
});

test("interrupt ends the turn, says who did it, and lets the next message through", async () => {
  await create("stoppable");
  const { messageId } = await send("stoppable", "gated stop-me");
  await home.model.reached("stop-me");
  const watcher = await watch(home, "stoppable");
  const { turnId } = await connection.call("session/interrupt", { name: "stoppable" });
  expect(await finished(connection, "stoppable", messageId)).toMatchObject({
    turnId,
    turnStatus: "interrupted",
  });
  const record = await watcher.until(
    "the record",
    ({ method }) => method === "session/interrupted",
  );
  expect(record.params).toMatchObject({ turnId, by: { kind: "script" } });
  expect((await errorOf(connection.call("session/interrupt", { name: "stoppable" }))).code).toBe(
    "no-turn",
  );
  expect((await say(connection, "stoppable", "say on")).text).toBe("on");
  watcher.stop();
});

test("an agent that dies is replaced, and the history says so", async () => {
  const { agentPid } = await create("phoenix");
  await say(connection, "phoenix", "say ashes");
  const watcher = await watch(home, "phoenix");
  await home.killAgent("phoenix");
  const crashed = await watcher.until("the crash", ({ method, params }) => {
    return method === "session/agent" && params.status === "crashed";
  });
  expect(crashed.params.reason).toContain(String(agentPid));
  await eventually(async () => (await home.show("phoenix")).state === "idle", {
    what: "it is back",
  });
  expect(await home.agentPid("phoenix")).not.toBe(agentPid);
  expect((await say(connection, "phoenix", "say risen")).text).toBe("risen");
  expect(home.model.conversation()).toEqual(["say ashes", "say risen"]);
  watcher.stop();
});

test("one agent's death and stall are not felt by another session", async () => {
  const { agentPid } = await create("stalled");
  await create("lively");
  process.kill(agentPid!, "SIGSTOP");
  await send("stalled", "say later");
  expect((await say(connection, "lively", "say now")).text).toBe("now");
  expect((await connection.call("session/list", {})).sessions.length).toBeGreaterThan(1);
  process.kill(agentPid!, "SIGCONT");
  await eventually(() => home.model.texts().includes("say later"), { what: "it goes on" });
});

test("a call of codex's own reaches the session's thread and wakes it", async () => {
  const { threadId } = await create("called");
  await say(connection, "called", "say hello");
  await connection.call("session/sleep", { name: "called" });
  const call = (method: string, params: JsonObject = {}) =>
    connection.call("session/call", { name: "called", method, params });
  const { thread } = (await call("thread/read")) as { thread: JsonObject };
  expect(thread.id).toBe(threadId);
  expect((await home.show("called")).state).toBe("idle");
  const refused = await errorOf(call("no/such/method"));
  expect(refused.code).toBe("codex-error");
  expect(refused.message).toContain("no/such/method");
});
