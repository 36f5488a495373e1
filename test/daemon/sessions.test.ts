/** Sessions from the cradle to the grave: names, lists, renaming, ending, forking. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { limits } from "../../src/protocol/methods.ts";
import type { HistoryRecord, MessageContent } from "../../src/protocol/session.ts";
import { historyOf } from "../support/history.ts";
import { createHome, type Home } from "../support/home.ts";
import { isRunning } from "../support/processes.ts";
import { createSession, errorOf, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

const create = (name: string) => createSession(home, connection, { name });
const names = async (all = false) =>
  (await connection.call("session/list", { all })).sessions.map(({ name }) => name);

/** What was said in a history, by whom: `user: …`, `agent: …`. */
function said(records: HistoryRecord[]): string[] {
  return records.flatMap(({ method, params }) => {
    if (method !== "item/completed") return [];
    const item = params.item as JsonObject;
    if (item.type === "agentMessage") return [`agent: ${item.text}`];
    const content = item.content as JsonObject[] | undefined;
    return item.type === "userMessage" ? [`user: ${content?.[0]?.text}`] : [];
  });
}

test("a new session is idle, has a thread and an agent, and is listed and shown", async () => {
  const session = await create("first");
  expect(session).toMatchObject({
    name: "first",
    state: "idle",
    cwd: home.work,
    model: "fake-model",
    provider: "fake",
    clients: 0,
    approvals: 0,
    queued: 0,
    peer: null,
    labels: {},
  });
  expect(isRunning(session.agentPid!)).toBe(true);
  const { sessions } = await connection.call("session/list", {});
  expect(sessions.find(({ id }) => id === session.id)).toMatchObject({
    ...session,
    seq: expect.any(Number),
  });
  expect(Object.keys(await home.show("first")).sort()).toEqual([
    "activeAt",
    "agentPid",
    "approvals",
    "attached",
    "bytes",
    "clients",
    "codexSocket",
    "codexVersion",
    "crash",
    "createdAt",
    "cwd",
    "endsAt",
    "id",
    "keep",
    "labels",
    "limits",
    "messages",
    "model",
    "name",
    "peer",
    "provider",
    "queued",
    "resources",
    "seq",
    "settings",
    "sleepsInMs",
    "spec",
    "state",
    "threadId",
    "turn",
    "usage",
    "user",
  ]);
  const [created] = await historyOf(home, "first");
  expect(created).toMatchObject({
    seq: 1,
    method: "session/created",
    params: { origin: "new", spec: { cwd: home.work }, by: { kind: "script" } },
  });
});

test.each(["", "..", ".hidden", "/a", "a b", "-x", "nul\0", "ümlaut", "x".repeat(49), "a\nb"])(
  "the name %j is refused, for a new session and for an old one",
  async (name) => {
    const before = await names(true);
    expect((await errorOf(create(name))).code).toBe("invalid-name");
    const [old] = before.length > 0 ? before : [(await create("old")).name];
    const renamed = connection.call("session/rename", { name: old!, to: name });
    expect((await errorOf(renamed)).code).toBe("invalid-name");
    expect(await names(true)).toEqual(before.length > 0 ? before : ["old"]);
  },
);

test("a name is one live session's; the next to want it is told how to get there", async () => {
  await create("taken");
  const error = await errorOf(create("taken"));
  expect(error).toMatchObject({ code: "name-taken" });
  expect(error.next).toContain("attach taken");
  // Two that ask in the same moment: one gets it.
  const both = await Promise.allSettled([create("race"), create("race")]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect((await names()).filter((name) => name === "race")).toHaveLength(1);
});

test("without a name it gets its directory's, made legal and free", async () => {
  const odd = join(home.dir, " Über mich! ");
  mkdirSync(odd);
  const unnamed = (cwd: string) => createSession(home, connection, { spec: { cwd } });
  expect((await unnamed(home.work)).name).toBe("work");
  expect((await unnamed(home.work)).name).toBe("work-2");
  expect((await unnamed(odd)).name).toBe("Uber-mich");
  expect((await unnamed("/")).name).toBe("session");
});

test("a killed session loses its agent, keeps its history, and frees its name", async () => {
  const old = await create("mortal");
  await say(connection, "mortal", "say remember me");
  const { session, cancelled } = await connection.call("session/kill", { name: "mortal" });
  expect(session).toMatchObject({ state: "ended", agentPid: null });
  expect(cancelled).toBe(0);
  expect(isRunning(old.agentPid!)).toBe(false);
  expect(await names()).not.toContain("mortal");
  expect(await names(true)).toContain("mortal");
  expect(said(await historyOf(home, "mortal"))).toContain("agent: remember me");
  expect((await historyOf(home, "mortal")).at(-1)?.method).toBe("session/ended");
  for (const method of [
    "session/wake",
    "session/kill",
    "session/sleep",
    "session/interrupt",
  ] as const) {
    expect((await errorOf(connection.call(method, { name: "mortal" }))).code).toBe("session-ended");
  }
  const late = connection.call("session/send", { name: "mortal", content: { text: "hello?" } });
  expect((await errorOf(late)).code).toBe("session-ended");

  // The name goes to its next owner; the id stays the old one's.
  const next = await create("mortal");
  expect(next.id).not.toBe(old.id);
  expect((await connection.call("session/show", { name: "mortal" })).session.id).toBe(next.id);
  expect((await connection.call("session/show", { name: old.id })).session.state).toBe("ended");
});

test("a message that never got out is cancelled when its session is killed", async () => {
  await create("backlog");
  await connection.call("session/send", { name: "backlog", content: { text: "gated backlog" } });
  await home.model.reached("backlog");
  const { messageId: id } = await connection.call("session/send", {
    name: "backlog",
    content: { text: "say never" },
  });
  const watcher = await watch(home, "backlog");
  const { cancelled } = await connection.call("session/kill", { name: "backlog" });
  expect(cancelled).toBe(1);
  expect((await watcher.message(id, "cancelled")).params.error).toContain("killed");
  expect(await connection.call("session/receipt", { name: "backlog", id })).toMatchObject({
    status: "cancelled",
  });
  expect(home.model.texts()).not.toContain("say never");
  watcher.stop();
});

test("only an ended session is removed, and then nothing of it is left", async () => {
  const { id } = await create("dust");
  const directory = join(home.dir, "state/default/sessions", id);
  expect(existsSync(join(directory, "env.json"))).toBe(true);
  expect((await errorOf(connection.call("session/remove", { name: "dust" }))).code).toBe(
    "session-busy",
  );
  await connection.call("session/kill", { name: "dust" });
  const { seq } = (await connection.call("session/show", { name: "dust" })).session;
  expect(await connection.call("session/remove", { name: "dust" })).toEqual({ records: seq });
  for (const name of ["dust", id]) {
    expect((await errorOf(connection.call("session/show", { name }))).code).toBe(
      "session-not-found",
    );
  }
  expect(existsSync(directory)).toBe(false);
});

test("a renamed session keeps its id, thread, agent and followers", async () => {
  const before = await create("caterpillar");
  const watcher = await watch(home, "caterpillar");
  const { session } = await connection.call("session/rename", {
    name: "caterpillar",
    to: "butterfly",
  });
  const { id, threadId, agentPid } = before;
  expect(session).toMatchObject({ name: "butterfly", id, threadId, agentPid });
  const record = await watcher.until("the renaming", ({ method }) => method === "session/renamed");
  expect(record.params).toMatchObject({
    from: "caterpillar",
    to: "butterfly",
    by: { kind: "script" },
  });
  expect((await errorOf(connection.call("session/show", { name: "caterpillar" }))).code).toBe(
    "session-not-found",
  );
  await say(connection, "butterfly", "say flap");
  await watcher.until(
    "what is said afterwards",
    ({ params }) => (params.item as JsonObject | undefined)?.text === "flap",
  );
  await create("moth");
  const taken = connection.call("session/rename", { name: "moth", to: "butterfly" });
  expect((await errorOf(taken)).code).toBe("name-taken");
  watcher.stop();
});

test("a fork holds all that was said, and the two go on without each other", async () => {
  await create("trunk");
  await say(connection, "trunk", "say one");
  await say(connection, "trunk", "run echo two");
  const { session } = await connection.call("session/fork", {
    name: "trunk",
    to: "branch",
    env: home.env,
  });
  const trunk = (await connection.call("session/show", { name: "trunk" })).session;
  expect(session.threadId).not.toBe(trunk.threadId);
  expect(session.agentPid).not.toBe(trunk.agentPid);
  expect(said(await historyOf(home, "branch"))).toEqual(said(await historyOf(home, "trunk")));

  await say(connection, "branch", "say left");
  expect(home.model.conversation()).toEqual(["say one", "run echo two", "say left"]);
  await say(connection, "trunk", "say right");
  expect(home.model.conversation()).toEqual(["say one", "run echo two", "say right"]);
  const branch = await historyOf(home, "branch");
  expect(said(branch).slice(-2)).toEqual(["user: say left", "agent: left"]);
  expect(said(branch)).not.toContain("agent: right");
  expect(branch[0]?.params).toMatchObject({ origin: "fork", from: "trunk" });
});

test("a session that was never spoken to has nothing to fork", async () => {
  await create("seed");
  const forked = connection.call("session/fork", { name: "seed", to: "sprout", env: home.env });
  expect((await errorOf(forked)).code).toBe("no-thread");
  expect(await names(true)).not.toContain("sprout");
});

test("a name that nobody has is answered with those that come near", async () => {
  await create("zebra");
  const error = await errorOf(connection.call("session/show", { name: "zebta" }));
  expect(error).toMatchObject({
    code: "session-not-found",
    next: expect.stringContaining("zebra"),
  });
});

test("a prompt that can't be sent makes no session", async () => {
  const wrong: [MessageContent, string][] = [
    [{ text: "" }, "empty-message"],
    [{ text: "x".repeat(limits.messageBytesMax + 1) }, "message-too-large"],
    [{ text: "look", images: ["/nowhere.png"] }, "image-unreadable"],
  ];
  for (const [prompt, code] of wrong) {
    const made = createSession(home, connection, { name: "ghost", prompt });
    expect((await errorOf(made)).code).toBe(code);
  }
  expect(await names(true)).not.toContain("ghost");
});
