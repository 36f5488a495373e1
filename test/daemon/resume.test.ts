/** Threads that plain codex began go on in a session, unless somebody has them open. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { type Codex, startCodex } from "../support/codex.ts";
import { historyOf } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterEach(() => home.close());

/** A codex that nobody manages, with a thread in which `texts` were said. */
async function plainCodex(
  cwd: string,
  texts: string[],
): Promise<{ codex: Codex; threadId: string }> {
  const { codexHome, env } = home;
  const codex = await startCodex({ dir: join(home.dir, "run"), codexHome, cwd, env });
  const { thread } = await codex.call("thread/start", { cwd });
  const threadId = String((thread as JsonObject).id);
  for (const text of texts) await codex.turn(threadId, text);
  return { codex, threadId };
}

function answers(records: Awaited<ReturnType<typeof historyOf>>): string[] {
  return records.flatMap(({ params }) => {
    const item = params.item as JsonObject | undefined;
    return item?.type === "agentMessage" ? [String(item.text)] : [];
  });
}

test("a thread of plain codex is taken over with all that was said in it, once", async () => {
  const { codex, threadId } = await plainCodex(home.work, ["say one", "run echo two"]);
  await codex.kill();
  const session = await createSession(home, connection, { name: "heir", resume: { threadId } });
  expect(session).toMatchObject({ threadId, state: "idle" });

  const imported = await expectWhole(home, "heir");
  expect(imported[0]).toMatchObject({
    method: "session/created",
    params: { origin: "resume", from: threadId },
  });
  expect(answers(imported)).toEqual(["one", expect.stringContaining("two")]);
  expect(imported.filter(({ method }) => method === "turn/started")).toHaveLength(2);
  expect(imported.filter(({ method }) => method === "turn/completed")).toHaveLength(2);
  // Nothing was missed: nobody listened before.
  expect(imported.filter(({ method }) => method === "session/gap")).toEqual([]);

  expect((await say(connection, "heir", "say three")).text).toBe("three");
  expect(home.model.conversation()).toEqual(["say one", "run echo two", "say three"]);
  await connection.call("session/restart", { name: "heir" });
  expect(answers(await expectWhole(home, "heir"))).toHaveLength(3);
});

test("--last takes the newest thread of the directory, and none of another's", async () => {
  const other = join(home.dir, "other");
  mkdirSync(other);
  for (const [cwd, text] of [
    [home.work, "say old"],
    [home.work, "say new"],
    [other, "say elsewhere"],
  ] as const) {
    await (await plainCodex(cwd, [text])).codex.kill();
  }
  await createSession(home, connection, { name: "last", resume: { last: true } });
  expect(answers(await historyOf(home, "last"))).toEqual(["new"]);

  const empty = join(home.dir, "empty");
  mkdirSync(empty);
  const error = await errorOf(
    createSession(home, connection, { spec: { cwd: empty }, resume: { last: true } }),
  );
  expect(error).toMatchObject({ code: "no-thread", message: expect.stringContaining(empty) });
});

test("a thread that plain codex has open is refused, with the pid that holds it", async () => {
  const { codex, threadId } = await plainCodex(home.work, ["say mine"]);
  const error = await errorOf(
    createSession(home, connection, { name: "thief", resume: { threadId } }),
  );
  expect(error).toMatchObject({
    code: "thread-held",
    message: expect.stringContaining(`process ${codex.pid}`),
    details: { pid: codex.pid },
  });
  expect((await connection.call("session/list", { all: true })).sessions).toEqual([]);
  // Its holder did not notice, and when it is gone the thread is free.
  expect((await codex.turn(threadId, "say still mine")).text).toBe("still mine");
  await codex.kill();
  await createSession(home, connection, { name: "heir", resume: { threadId } });
  expect(answers(await historyOf(home, "heir"))).toEqual(["mine", "still mine"]);
});

test("a thread that one of our sessions has is refused with that session's name", async () => {
  const { threadId } = await createSession(home, connection, { name: "owner" });
  await say(connection, "owner", "say hello");
  for (const asleep of [false, true]) {
    if (asleep) await connection.call("session/sleep", { name: "owner" });
    const taken = createSession(home, connection, { resume: { threadId: threadId! } });
    expect(await errorOf(taken)).toMatchObject({
      code: "thread-held",
      message: expect.stringContaining('"owner"'),
      next: expect.stringContaining("attach owner"),
    });
  }
  const last = createSession(home, connection, { resume: { last: true } });
  expect(await errorOf(last)).toMatchObject({
    code: "thread-held",
    message: expect.stringContaining('"owner"'),
  });
  // Killed, it lets go.
  await connection.call("session/kill", { name: "owner" });
  await createSession(home, connection, { name: "heir", resume: { threadId: threadId! } });
  expect(answers(await historyOf(home, "heir"))).toEqual(["hello"]);
});

test.each(["01a1fd17-f707-7f61-9bef-6f6aa8ed5a7a", "nonsense", "../../etc/passwd"])(
  "a thread that is nowhere, %s, is said to be nowhere",
  async (threadId) => {
    const error = await errorOf(createSession(home, connection, { resume: { threadId } }));
    expect(error).toMatchObject({ code: "no-thread", message: expect.stringContaining(threadId) });
    expect((await connection.call("session/list", { all: true })).sessions).toEqual([]);
    expect(home.agentPids()).toEqual([]);
  },
);

test("a session whose thread's file was removed says so, and does not begin anew in silence", async () => {
  const { threadId } = await createSession(home, connection, { name: "robbed" });
  await say(connection, "robbed", "say precious");
  const read = { name: "robbed", method: "thread/read", params: { threadId } };
  const { thread } = (await connection.call("session/call", read)) as { thread: JsonObject };
  await connection.call("session/sleep", { name: "robbed" });
  rmSync(String(thread.path));
  const error = await errorOf(connection.call("session/wake", { name: "robbed" }));
  expect(error).toMatchObject({ code: "no-thread", message: expect.stringContaining(threadId!) });
  expect((await home.show("robbed")).threadId).toBe(threadId);
});
