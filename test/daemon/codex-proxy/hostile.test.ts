/** Clients of codex's own protocol that mean harm, lag, or may do less than all. */
import { existsSync } from "node:fs";
import net from "node:net";
import { join as path } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { openTo } from "../../../src/daemon/codex-proxy/codex-methods.ts";
import type { Session } from "../../../src/daemon/session/session.ts";
import { SCOPES, type Scope } from "../../../src/protocol/access.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import type { Frame } from "../../support/arrivals.ts";
import { type CodexClient, connectCodex, textInput } from "../../support/codex-client.ts";
import { eventually } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { openSessionHome, type SessionHome } from "../../support/session-home.ts";
import { createSession, say } from "../../support/sessions.ts";

let home: Home;
const clients: CodexClient[] = [];
beforeEach(async () => {
  home = await createHome();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await home.close();
});
const kept = async (client: Promise<CodexClient>) => {
  clients.push(await client);
  return client;
};
const asked = "item/commandExecution/requestApproval";

describe("on the user's own socket", () => {
  let connection: Connection;
  let threadId: string;
  let socket: string;
  beforeEach(async () => {
    connection = await home.connect();
    threadId = (await createSession(home, connection, { name: "bot" })).threadId!;
    socket = (await home.show("bot")).codexSocket!;
  });
  const join = async () => {
    const client = await kept(connectCodex(socket));
    await client.call("thread/resume", { threadId, excludeTurns: true });
    return client;
  };

  test("two clients with equal ids each get their own answers", async () => {
    const [first, second] = [await join(), await join()];
    const answers = await Promise.all([
      first.request(7, "thread/read", { threadId }),
      second.request(7, "model/list", {}),
      first.request("seven", "model/list", {}),
      second.request("seven", "thread/read", { threadId }),
    ]);
    const kinds = answers.map(({ result }) => (result.thread ? "thread" : "models"));
    expect(kinds).toEqual(["thread", "models", "models", "thread"]);
  });

  test("what is no frame of codex's protocol is passed over, as codex does it", async () => {
    const client = await join();
    const garbage = [
      "",
      "garbage",
      "[]",
      "[1,2]",
      "null",
      "7",
      '{"id":1}',
      '{"method":7,"id":1}',
      '{"id":{},"method":"model/list"}',
      '{"id":3,"method":"model/list","params":[]}',
      `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
      `{"id":4,"method":"thread/read","params":${'{"a":'.repeat(500)}1${"}".repeat(500)}}`,
      Buffer.from([0, 1, 2, 0xff]),
      '{"id":0,"result":{"decision":"accept"}}',
      '{"id":0,"error":{"code":1,"message":"no"}}',
      '{"id":null,"error":{}}',
      '{"method":"nobody/knows"}',
    ];
    for (const frame of garbage) client.send(frame);
    expect((await client.call("thread/read", { threadId })).result.thread.id).toBe(threadId);
    expect((await home.show("bot")).state).toBe("idle");
  });

  test("a frame that is too large ends its connection, and that alone", async () => {
    const [one, other] = [await join(), await join()];
    one.send(Buffer.alloc(9 * 1024 * 1024, 0x20));
    expect((await one.closed).code).toBe(1009);
    expect((await other.call("model/list", {})).result.data).toBeDefined();
  });

  test("what is not HTTP, not a WebSocket, elsewhere or from a page is turned away", async () => {
    const say = (text: string) =>
      new Promise<string>((resolve) => {
        const stream = net.connect({ path: socket });
        let heard = "";
        stream.on("data", (chunk) => {
          heard += String(chunk);
        });
        stream.on("error", () => {});
        stream.on("close", () => resolve(heard.split("\r\n")[0] ?? ""));
        stream.write(text);
      });
    const upgrade =
      "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    expect(await say('{"jsonrpc":"2.0","id":1,"method":"hello"}\n')).toBe("");
    expect(await say("GET /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toContain("426");
    for (const path of ["/v1/ws", "//", "/rpc/../x", "*"])
      expect(await say(`GET ${path} HTTP/1.1\r\n${upgrade}\r\n`)).toMatch(/40[04]/);
    expect(await say(`GET /rpc HTTP/1.1\r\n${upgrade}Origin: http://evil\r\n\r\n`)).toContain(
      "403",
    );
    expect(await say(`GET /rpc HTTP/1.1\r\nX: ${"x".repeat(40_000)}\r\n\r\n`)).toBe("");
    expect((await home.show("bot")).state).toBe("idle");
  });

  test("a question that was not put to a client is not answered by it", async () => {
    // It is connected, and has not opened the thread.
    const stranger = await kept(connectCodex(socket));
    const client = await join();
    await client.call("turn/start", { threadId, input: textInput("ask echo hi") });
    const { id } = await client.told(asked);
    for (const guess of [0, 1, 2, id, String(id)]) stranger.answer(guess, { decision: "accept" });
    await stranger.call("model/list", {});
    for (const guess of [id + 1, String(id), -1]) client.answer(guess, { decision: "accept" });
    await client.call("model/list", {});
    expect((await home.show("bot")).state).toBe("needs-approval");
    client.answer(id, { decision: "decline" });
    await client.told("turn/completed");
  });

  test("an id that waits for its answer is not used again", async () => {
    const client = await join();
    client.send(JSON.stringify({ id: 5, method: "skills/list", params: { cwds: [home.work] } }));
    client.send(JSON.stringify({ id: 5, method: "model/list", params: {} }));
    const refused = await client.until("a refusal", ({ id, error }) => id === 5 && error);
    expect(refused.error.message).toContain("id 5 waits");
    await client.until("the answer", ({ id, result }) => id === 5 && result !== undefined);
    expect((await client.request(5, "model/list", {})).result.data).toBeDefined();
  });

  test("one that floods is read as fast as codex answers", async () => {
    const client = await join();
    const answers: Promise<Frame>[] = [];
    for (let i = 0; i < 3_000; i++)
      answers.push(client.request(1_000 + i, "thread/read", { threadId }));
    expect((await say(connection, "bot", "say fine")).text).toBe("fine");
    const all = await Promise.all(answers);
    const refused = all.filter(({ error }) => error);
    expect(refused.every(({ error }) => error.code === -32001)).toBe(true);
    expect(all.length - refused.length).toBeGreaterThan(0);
  });
});

describe("with less than all", () => {
  let sessions: SessionHome;
  let session: Session;
  let threadId: string;
  beforeEach(async () => {
    sessions = openSessionHome(home, { stallMs: 2_000 });
    session = await sessions.create("bot");
    threadId = session.row.threadId!;
  });
  afterEach(() => sessions.close());

  const come = async (scope: Scope, introduce = true) => {
    const access = { scope, sessions: "bot", token: "t1" };
    const door = await sessions.door(session, { access, known: { user: "ann", from: "token t1" } });
    return kept(connectCodex(door, { introduce, name: scope }));
  };
  const join = async (scope: Scope) => {
    const client = await come(scope);
    const joined = await client.call("thread/resume", { threadId, excludeTurns: true });
    expect(joined.result.thread.id).toBe(threadId);
    return client;
  };

  // codex tells each of its connections for itself, the daemon's perhaps after the client's.
  const sessionAsks = () =>
    eventually(() => session.state === "needs-approval", { what: "the daemon is asked too" });

  test("an observer sees what is said and is refused everything else", async () => {
    const observer = await join("observe");
    const made = path(home.work, "made");
    const attempts: Record<string, JsonObject> = {
      "turn/start": { threadId, input: textInput("say no") },
      "turn/steer": { threadId, input: textInput("say no"), expectedTurnId: "x" },
      "turn/interrupt": { threadId, turnId: "x" },
      "review/start": { threadId, target: { type: "uncommittedChanges" } },
      "thread/settings/update": { threadId, approvalPolicy: "never" },
      "thread/queue/add": { threadId, input: textInput("say no"), clientUserMessageId: "q" },
      "thread/shellCommand": { threadId, command: `touch ${made}` },
      "thread/delete": { threadId },
      "thread/archive": { threadId },
      "thread/revert": { threadId, numTurns: 1 },
      "thread/name/set": { threadId, name: "no" },
      "thread/fork": { threadId },
      "thread/inject_items": { threadId, items: [{}] },
      "command/exec": { command: ["touch", made] },
      "process/spawn": { command: ["touch", made], processHandle: "x", cwd: home.work },
      "fs/writeFile": { path: made, dataBase64: "" },
      "fs/readFile": { path: path(home.codexHome, "config.toml") },
      "config/value/write": { keyPath: "model", value: "x", mergeStrategy: "replace" },
      "account/logout": {},
      getAuthStatus: { includeToken: true },
      "mcpServer/oauth/login": { name: "x" },
      "plugin/install": {},
      "nobody/knows": {},
    };
    for (const [method, params] of Object.entries(attempts)) {
      const { error } = await observer.call(method, params);
      expect(error?.message, method).toMatch(/needs the scope|its fork another session/);
    }
    expect(existsSync(made)).toBe(false);
    const config = await observer.call("config/read", { includeLayers: true, cwd: home.work });
    expect(config.result).toMatchObject({ config: { model: "fake-model" }, layers: null });
    // It is in the table of providers, where keys may be.
    expect(JSON.stringify(config)).not.toContain(home.model.baseUrl);
    const sent = session.send({ text: "ask echo hi" }, "queue", undefined, tester);
    const { id } = await observer.told(asked);
    observer.answer(id, { decision: "accept" });
    await observer.until("a refusal", isRefusal);
    await sessionAsks();
    session.answer(undefined, { decision: "accept" }, tester);
    await observer.told("serverRequest/resolved");
    await observer.told("turn/completed");
    const completed = () => session.inbox.receipt(sent.messageId)?.turnStatus === "completed";
    await eventually(completed, { what: "the daemon heard of the turn's end too" });
    expect(home.model.texts()).toEqual(["ask echo hi"]);
    expect(session.detail().attached).toMatchObject([
      { kind: "codex", user: "ann", from: "observe 1.2, token t1", readOnly: true },
    ]);
  });

  test("each scope answers, or not, as it may", async () => {
    for (const scope of SCOPES) {
      const client = await join(scope);
      session.send({ text: `ask echo ${scope}` }, "queue", undefined, tester);
      const { id } = await client.told(asked);
      client.answer(id, { decision: "accept" });
      if (scope === "approve" || scope === "admin") {
        await client.told("turn/completed");
      } else {
        await client.until("a refusal", isRefusal);
        await sessionAsks();
        session.answer(undefined, { decision: "decline" }, tester);
        await client.told("turn/completed");
      }
      client.close();
    }
    const by = session.history
      .after(0, 1000)
      .filter(({ method }) => method === "session/approval")
      .map(({ params }) => JSON.parse(params))
      .filter(({ status }) => status === "answered")
      .map((answered) => `${answered.by.user} ${answered.decision}`);
    expect(by).toEqual(["tester cancel", "tester cancel", "ann accept", "ann accept"]);
  });

  test("a prompter's turn runs under the session's own settings", async () => {
    const client = await join("prompt");
    const before = (await client.call("thread/read", { threadId })).result.thread;
    await client.call("turn/start", {
      threadId,
      input: textInput("ask echo hi"),
      approvalPolicy: "never",
      sandboxPolicy: { type: "dangerFullAccess" },
      cwd: "/",
    });
    await client.told(asked);
    await sessionAsks();
    session.answer(undefined, { decision: "decline" }, tester);
    await client.told("turn/completed");
    expect((await client.call("thread/read", { threadId })).result.thread.cwd).toBe(before.cwd);
  });

  test("other sessions' threads are in no list, and not to be had by name", async () => {
    const other = await sessions.create("other");
    const { threadId: hidden } = other.row;
    other.send({ text: "say secret" }, "queue", undefined, tester);
    session.send({ text: "say open" }, "queue", undefined, tester);
    for (const each of [other, session])
      await eventually(() => each.state === "idle" && !each.inbox.hasOpen, { what: "both spoke" });
    const client = await join("approve");
    const list = await client.call("thread/list", { modelProviders: [] });
    expect(list.result.data.map(({ id }: Frame) => id)).toEqual([threadId]);
    expect((await client.call("thread/loaded/list", {})).result.data).toEqual([threadId]);
    for (const method of openTo("approve").filter((method) => method.startsWith("thread/"))) {
      const { error } = await client.call(method, { threadId: hidden });
      const lists = method.endsWith("/list") && /^thread\/(list|loaded)/.test(method);
      if (!lists) expect(error, method).toBeDefined();
    }
    // Two parsers may each believe another of these; codex is told what was judged.
    client.send(
      `{"id":1,"method":"thread/read","method":"thread/read","params":{"threadId":"${hidden}","threadId":"${threadId}"}}`,
    );
    expect((await client.until("", ({ id }) => id === 1)).result.thread.id).toBe(threadId);
    client.send(
      `{"id":2,"method":"getAuthStatus","method":"model/list","params":{"threadId":"${hidden}"}}`,
    );
    await client.until("", ({ id }) => id === 2);
    expect(JSON.stringify(client.frames)).not.toContain("secret");
  });

  test("an observer does not wake a session; who may prompt does", async () => {
    const { messageId } = session.send({ text: "say hello" }, "queue", undefined, tester);
    await eventually(() => session.inbox.receipt(messageId).status === "finished", {
      what: "it spoke",
    });
    await session.life.sleep(false, tester);
    const observer = await come("observe", false);
    expect(await observer.closed).toEqual({
      code: 4403,
      reason: "The session is asleep, and to wake it needs the scope prompt",
    });
    expect(session.state).toBe("asleep");
    await join("prompt");
    expect(session.state).toBe("idle");
  });

  test("one that does not read is cut off, keeps little waiting, and holds up nobody", async () => {
    home.model.on(/^bulk$/, async function* () {
      for (let i = 0; i < 250; i++) yield { text: "bulk ".repeat(1_600) };
    });
    const [stalled, other] = [await join("observe"), await join("prompt")];
    stalled.pause();
    for (let i = 0; i < 6; i++) {
      const { result } = await other.call("turn/start", { threadId, input: textInput("bulk") });
      const ended = ({ method, params }: Frame) =>
        method === "turn/completed" && params.turn.id === result.turn.id;
      await other.until("the answer's end", ended);
      expect(sessions.accepted[0]!.bufferedAmount).toBeLessThan(6 * 1024 * 1024);
    }
    await eventually(() => session.info().clients === 1, { what: "it is cut off" });
    stalled.resume();
    expect((await stalled.closed).code).toBe(1006);
    expect(JSON.stringify(other.frames).length).toBeGreaterThan(15_000_000);
  });

  test("a session of another name is none of its business any more", async () => {
    const client = await join("approve");
    session.rename("elsewhere", tester);
    sessions.proxy.partFromUnseen(session);
    expect((await client.closed).code).toBe(4404);
  });
});

const isRefusal = ({ method, params }: Frame) =>
  method === "warning" && params.message.includes("needs the scope approve");
const tester = { kind: "script", user: "tester", from: "a test" };
