/** codex's own protocol through everything that happens to a session, its agent and the daemon. */
import { existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import { type CodexClient, connectCodex, textInput } from "../../support/codex-client.ts";
import { eventually } from "../../support/eventually.ts";
import { createHome, type Home, program } from "../../support/home.ts";
import { runProgram } from "../../support/program.ts";
import { sessionRow } from "../../support/session-row.ts";
import { createSession, say } from "../../support/sessions.ts";
import { watch } from "../../support/watcher.ts";

let home: Home;
let connection: Connection;
let threadId: string;
let socket: string;
const clients: CodexClient[] = [];
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
  threadId = (await createSession(home, connection, { name: "bot" })).threadId!;
  socket = (await home.show("bot")).codexSocket!;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await home.close();
});

async function connect(introduce = true): Promise<CodexClient> {
  const client = await connectCodex(socket, { introduce });
  clients.push(client);
  return client;
}

const resume = (client: CodexClient) =>
  client.call("thread/resume", { threadId, excludeTurns: true });

test("the socket is private and there while the session is, awake or asleep", async () => {
  expect(lstatSync(socket).mode & 0o777).toBe(0o600);
  expect(lstatSync(dirname(socket)).mode & 0o777).toBe(0o700);
  await connection.call("session/sleep", { name: "bot" });
  expect((await home.show("bot")).codexSocket).toBe(socket);
  const client = await connect();
  await connection.call("session/kill", { name: "bot" });
  expect(await client.closed).toEqual({ code: 1001, reason: "the session was killed" });
  expect(existsSync(socket)).toBe(false);
  expect((await home.show("bot")).codexSocket).toBeNull();
});

test("sockets leave enough descriptors for everything else", async () => {
  await home.ok(["daemon", "stop"]);
  const store = new Store(join(home.dir, "state/default/history.db"));
  for (let i = 0; i < 100; i++)
    store.sessions.insert(sessionRow(`${i}`.padStart(16, "0"), `s${i}`));
  store.close();
  const limited = ["-c", 'ulimit -n 160; exec "$@"', "sh", program, "daemon", "start"];
  expect(await runProgram("sh", limited, { env: home.env })).toMatchObject({ code: 0 });
  await eventually(() => readdirSync(dirname(socket)).length === 80, {
    what: "half of what may be open is taken",
  });
  // Those that came too late are sessions like all others.
  const shown = await Promise.all([home.show("s0"), home.show("s99")]);
  expect(shown.map(({ codexSocket }) => codexSocket === null)).toEqual([false, true]);
  connection = await home.connect();
  await createSession(home, connection, { name: "late" });
  expect((await say(connection, "late", "say hello")).text).toBe("hello");
});

test("a sleeping session wakes for whoever connects", async () => {
  await say(connection, "bot", "say before");
  await connection.call("session/sleep", { name: "bot" });
  const client = await connect();
  const { result } = await resume(client);
  expect(result.thread.id).toBe(threadId);
  await client.call("turn/start", { threadId, input: textInput("say woken") });
  await client.told("turn/completed");
  expect(home.model.conversation()).toEqual(["say before", "say woken"]);
});

test("a thread in which nothing was said yet opens to a second client", async () => {
  const client = await connect();
  expect((await client.call("thread/read", { threadId })).result.thread.id).toBe(threadId);
  expect((await resume(client)).result.thread.turns).toEqual([]);
});

test("who begins a thread is given the session's, with its history, and no second one", async () => {
  await say(connection, "bot", "say before");
  const client = await connect();
  const started = await client.call("thread/start", {
    cwd: "/",
    sandbox: "danger-full-access",
    approvalPolicy: "never",
  });
  expect(started.result).toMatchObject({
    thread: { id: threadId, turns: [{ status: "completed" }] },
    cwd: home.work,
    approvalPolicy: "on-request",
  });
  const again = await client.call("thread/start", {});
  expect(again.error.message).toContain("hacs-session new");
  expect((await client.call("thread/fork", { threadId })).error.message).toContain(
    "hacs-session fork bot NAME",
  );
});

test("an agent that dies parts its clients, and who comes again finds the next one", async () => {
  const client = await connect();
  await resume(client);
  await home.killAgent("bot");
  expect(await client.closed).toEqual({ code: 1012, reason: "the session's agent ended" });
  await resume(await connect());
  expect(await home.show("bot")).toMatchObject({ state: "idle", clients: 1 });
});

test("a session that can't wake says why", async () => {
  await connection.call("session/sleep", { name: "bot" });
  home.configure({ codex: join(home.dir, "missing") });
  await home.ok(["daemon", "restart"]);
  await home.ok(["ls"]);
  await eventually(() => existsSync(socket), { what: "the socket is there" });
  const first = await connect(false);
  const { code, reason } = await first.closed;
  expect([code, reason]).toEqual([1011, expect.stringContaining("codex")]);
  // It counts as a crash, and one that comes back by itself, as codex's TUI does, has to wait.
  await eventually(
    async () => (await (await connect(false)).closed).reason.includes("is started again at"),
    { what: "it is told to wait" },
  );
  home.configure({});
});

test("a daemon that ends says so, and the next one listens in the same place", async () => {
  await say(connection, "bot", "say before");
  const client = await connect();
  await resume(client);
  await home.ok(["daemon", "stop"]);
  expect(await client.closed).toEqual({ code: 1012, reason: "the daemon is shutting down" });
  expect(existsSync(socket)).toBe(false);
  await home.ok(["ls"]);
  await eventually(() => existsSync(socket), { what: "the socket is there again" });
  expect((await resume(await connect())).result.thread.id).toBe(threadId);
});

test("a question outlives a killed daemon, and is answered through the next one", async () => {
  const client = await connect();
  await resume(client);
  await client.call("turn/start", { threadId, input: textInput("ask echo hi") });
  const request = await client.told("item/commandExecution/requestApproval");
  await home.killDaemon();
  expect((await client.closed).code).toBe(1006);
  // What is left of sessions that are gone, goes.
  writeFileSync(join(dirname(socket), "0123456789abcdef.sock"), "");
  await home.ok(["ls"]);
  await eventually(async () => (await home.show("bot")).codexSocket === socket, {
    what: "the next daemon serves it",
  });
  expect(readdirSync(dirname(socket))).toHaveLength(1);
  const next = await connect();
  await resume(next);
  expect((await next.told("item/commandExecution/requestApproval")).id).toBe(request.id);
  next.answer(request.id, { decision: "accept" });
  await next.told("turn/completed");
  const watcher = await watch(home, "bot");
  const answered = await watcher.until("the answer", ({ params }) => params.status === "answered");
  expect(answered.params).toMatchObject({ decision: "accept", by: { from: "test-client 1.2" } });
  const wrote = watcher.records().find(({ method }) => method === "session/called");
  expect((wrote!.params.by as JsonObject).from).toBe("test-client 1.2");
  watcher.stop();
});
