/** `daemon/activity`: what all sessions are doing, in one call, with the real codex. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { SessionActivity } from "../../src/protocol/activity.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, finished, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

async function activityOf(name: string): Promise<SessionActivity> {
  const { sessions } = await connection.call("daemon/activity", {});
  const found = sessions.find((session) => session.name === name);
  if (found === undefined) throw new Error(`daemon/activity has no ${name}`);
  return found;
}

function until(
  name: string,
  what: string,
  is: (activity: SessionActivity) => boolean,
): Promise<SessionActivity> {
  return eventually(
    async () => {
      const activity = await activityOf(name);
      if (is(activity)) return activity;
      throw new Error(JSON.stringify(activity));
    },
    { what: `${name} ${what}` },
  );
}

function send(name: string, text: string) {
  return connection.call("session/send", { name, content: { text } });
}

test("a turn is followed from thinking through an answer and a command to its end", async () => {
  await createSession(home, connection, { name: "turns" });
  expect(await activityOf("turns")).toMatchObject({
    state: "idle",
    action: null,
    turnsMs: [],
    waiting: [],
  });
  home.model.on(/^silence/, async function* () {
    await new Promise<void>((resolve) => {
      speak = resolve;
    });
    yield { text: "now" };
  });
  let speak = () => {};
  const { messageId } = await send("turns", "silence");
  const thinking = await until("turns", "thinks", ({ action }) => action?.kind === "think");
  expect(thinking.state).toBe("working");
  expect(Date.parse(thinking.since!)).toBeGreaterThan(Date.now() - 60_000);
  await eventually(() => home.model.texts().includes("silence"), { what: "the model is asked" });
  speak();
  await finished(connection, "turns", messageId);

  const gated = await send("turns", "gated key");
  await until("turns", "writes", ({ action }) => action?.kind === "write");
  home.model.release("key");
  await finished(connection, "turns", gated.messageId);

  const ran = await send("turns", "run cat > /dev/null; sleep 300");
  const running = await until("turns", "runs", ({ action }) => action?.kind === "command");
  expect(running.action?.text).toBe("cat > /dev/null; sleep 300");
  expect(Date.parse(running.action!.since!)).toBeGreaterThan(Date.now() - 60_000);
  await connection.call("session/interrupt", { name: "turns" });
  await finished(connection, "turns", ran.messageId);

  const done = await until("turns", "is idle", ({ state }) => state === "idle");
  expect(done.action).toBeNull();
  expect(done.turnsMs).toHaveLength(3);
  expect(done.tokensPerMinute).toHaveLength(30);
  expect(done.tokensPerMinute.at(-1)).toBeGreaterThan(0);
});

test("what waits for an answer is told with its decisions, and goes when it is answered", async () => {
  await createSession(home, connection, { name: "asks" });
  const { messageId } = await send("asks", "ask echo hello");
  const asking = await until("asks", "asks", ({ waiting }) => waiting.length === 1);
  expect(asking).toMatchObject({
    state: "needs-approval",
    approvals: 1,
    since: asking.waiting[0]!.createdAt,
    action: { kind: "approval", text: "echo hello" },
  });
  const { approvals } = await connection.call("session/approvals", { name: "asks" });
  const { method: _method, params: _params, ...shown } = approvals[0]!;
  expect(asking.waiting).toEqual([shown]);
  const answer = { decision: "accept" };
  await connection.call("session/answer", { name: "asks", id: shown.id, answer });
  await finished(connection, "asks", messageId);
  await until("asks", "waits no more", ({ waiting }) => waiting.length === 0);
});

test("a new daemon knows how it went, and what goes on", async () => {
  await createSession(home, connection, { name: "lives" });
  await say(connection, "lives", "say one");
  await say(connection, "lives", "say two");
  await send("lives", "ask echo later");
  await until("lives", "asks", ({ waiting }) => waiting.length === 1);
  const before = await activityOf("lives");
  await home.killDaemon();
  connection = await home.connect();
  const after = await until("lives", "asks again", ({ waiting }) => waiting.length === 1);
  expect(after.turnsMs).toEqual(before.turnsMs);
  expect(after.turnsMs).toHaveLength(2);
  const sum = ({ tokensPerMinute }: SessionActivity) =>
    tokensPerMinute.reduce((all, tokens) => all + tokens);
  expect(sum(after)).toBe(sum(before));
  expect(after.since).toBe(before.since);
  await connection.call("session/answer", { name: "lives", answer: { decision: "accept" } });
  await until("lives", "is idle", ({ state }) => state === "idle");
  expect((await activityOf("lives")).turnsMs).toHaveLength(3);
});

test("one that sleeps does nothing, and one that was killed is not there", async () => {
  await createSession(home, connection, { name: "gone" });
  await connection.call("session/sleep", { name: "gone" });
  expect(await activityOf("gone")).toMatchObject({ state: "asleep", action: null });
  await connection.call("session/kill", { name: "gone" });
  await expect(activityOf("gone")).rejects.toThrow("no gone");
});
