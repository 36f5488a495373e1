/** What a client of codex's own protocol does is in the history, with its name. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import { type CodexClient, connectCodex, textInput } from "../../support/codex-client.ts";
import { eventually } from "../../support/eventually.ts";
import { expectWhole } from "../../support/history-check.ts";
import { createHome, type Home } from "../../support/home.ts";
import { createSession, errorOf, finished, say } from "../../support/sessions.ts";
import { type Watcher, watch } from "../../support/watcher.ts";

let home: Home;
let connection: Connection;
let watcher: Watcher;
let threadId: string;
const clients: CodexClient[] = [];
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
  threadId = (await createSession(home, connection, { name: "bot" })).threadId!;
  watcher = await watch(home, "bot");
});
afterEach(async () => {
  watcher.stop();
  for (const client of clients.splice(0)) client.close();
  await home.close();
});

/** On the session's socket, with its thread open. */
async function join(name?: string): Promise<CodexClient> {
  const { codexSocket } = await home.show("bot");
  const client = await connectCodex(codexSocket!, name === undefined ? {} : { name });
  clients.push(client);
  const joined = await client.call("thread/resume", { threadId, excludeTurns: true });
  expect(joined.result.thread.id).toBe(threadId);
  return client;
}

const asked = "item/commandExecution/requestApproval";
const ask = async () => {
  const sent = await connection.call("session/send", {
    name: "bot",
    content: { text: "ask echo hi" },
  });
  const { params } = await watcher.until(
    "the question",
    ({ method, params: { status } }) => method === "session/approval" && status === "requested",
  );
  return { messageId: sent.messageId, id: String((params.approval as JsonObject).id) };
};

test("an answer is stored with who gave it, and codex hears it", async () => {
  const client = await join("editor");
  const { messageId, id } = await ask();
  const request = await client.told(asked);
  client.answer(request.id, { decision: "accept" });
  const answered = await watcher.until("the answer", ({ params }) => params.id === id);
  expect(answered.params).toMatchObject({
    status: "answered",
    decision: "accept",
    by: { kind: "codex", from: "editor 1.2" },
  });
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "completed" });
  await client.told("serverRequest/resolved");
  const late = await errorOf(
    connection.call("session/answer", { name: "bot", id, answer: { decision: "decline" } }),
  );
  expect(late).toMatchObject({
    code: "approval-answered",
    message: expect.stringContaining("editor 1.2"),
  });
});

test("of two clients the first answer counts, and the other's is heard by nobody", async () => {
  const [first, second] = [await join("first"), await join("second")];
  const { messageId, id } = await ask();
  const request = await first.told(asked);
  expect((await second.told(asked)).id).toBe(request.id);
  first.answer(request.id, { decision: "decline" });
  await second.told("serverRequest/resolved");
  second.answer(request.id, { decision: "accept" });
  await second.call("model/list", {});
  const answers = watcher
    .records()
    .filter(({ params }) => params.id === id && params.status === "answered");
  expect(answers).toMatchObject([{ params: { decision: "decline", by: { from: "first 1.2" } } }]);
  await finished(connection, "bot", messageId);
  expect(home.model.requests.at(-1)!.toolOutput).not.toContain("hi\n");
});

test("what our client answered is resolved for codex's, whose answer is too late", async () => {
  const client = await join();
  const { messageId, id } = await ask();
  const request = await client.told(asked);
  await connection.call("session/answer", { name: "bot", id, answer: { decision: "accept" } });
  expect((await client.told("serverRequest/resolved")).params.requestId).toBe(request.id);
  client.answer(request.id, { decision: "cancel" });
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "completed" });
  const { params } = await watcher.until("the answer", ({ params }) => params.id === id);
  expect(params.by).toMatchObject({ kind: "script" });
});

test("an error is no answer: the question goes on waiting for somebody who can", async () => {
  const client = await join();
  const { id } = await ask();
  const request = await client.told(asked);
  client.send(JSON.stringify({ id: request.id, error: { code: -32601, message: "what?" } }));
  await client.call("model/list", {});
  expect((await home.show("bot")).state).toBe("needs-approval");
  await connection.call("session/answer", { name: "bot", id, answer: { decision: "accept" } });
});

test("a file change is stored with its files, however fast the answer", async () => {
  const client = await join("hasty");
  await connection.call("session/send", { name: "bot", content: { text: "write new.txt hello" } });
  const request = await client.told("item/fileChange/requestApproval");
  client.answer(request.id, { decision: "accept" });
  const answered = await watcher.until("the answer", ({ params }) => params.status === "answered");
  expect(answered.params).toMatchObject({
    command: expect.stringContaining("new.txt"),
    by: { from: "hasty 1.2" },
  });
});

test("a message has its writer, under the id that codex keeps it with", async () => {
  const client = await join("editor");
  await client.call("turn/start", { threadId, input: textInput("say from outside") });
  await watcher.until("the end", ({ method }) => method === "turn/completed");
  const called = watcher.records().find(({ method }) => method === "session/called")!;
  expect(called.params).toMatchObject({
    method: "turn/start",
    by: { kind: "codex", from: "editor 1.2" },
  });
  const items = watcher.records().filter(({ method }) => method === "item/completed");
  const message = items.find(({ params }) => (params.item as JsonObject).type === "userMessage")!;
  expect((message.params.item as JsonObject).clientId).toBe(called.params.messageId);
  expect(called.seq).toBeLessThan(message.seq!);
});

test("ours is delivered once and in order while another client speaks, too", async () => {
  const client = await join();
  const ids: string[] = [];
  const turns: Promise<unknown>[] = [];
  for (let i = 0; i < 10; i++) {
    const text = `say ours ${i}`;
    const sent = await connection.call("session/send", { name: "bot", content: { text } });
    ids.push(sent.messageId);
    turns.push(client.call("turn/start", { threadId, input: textInput(`say theirs ${i}`) }));
  }
  await Promise.all(turns);
  for (const id of ids)
    expect(await finished(connection, "bot", id)).toMatchObject({ status: "finished" });
  await eventually(async () => (await home.show("bot")).state === "idle", { what: "it is idle" });
  const records = await expectWhole(home, "bot");
  const texts = records
    .filter(({ method }) => method === "item/completed")
    .map(({ params }) => params.item as JsonObject)
    .filter((item) => item.type === "userMessage")
    .map((item) => String(((item.content as JsonObject[])[0] as JsonObject).text));
  const of = (whose: string) => Array.from({ length: 10 }, (_, i) => `say ${whose} ${i}`);
  expect(texts.filter((text) => text.includes("ours"))).toEqual(of("ours"));
  expect(texts.filter((text) => text.includes("theirs"))).toEqual(of("theirs"));
});

test("the id of a message of ours is not to be had for another", async () => {
  const client = await join();
  await say(connection, "bot", "say first");
  await connection.call("session/send", {
    name: "bot",
    id: "mine",
    content: { text: "gated door" },
  });
  await home.model.reached("door");
  await connection.call("session/send", { name: "bot", id: "next", content: { text: "say next" } });
  const forged = await client.call("turn/start", {
    threadId,
    clientUserMessageId: "next",
    input: textInput("say forged"),
  });
  expect(forged.error.message).toContain("has the id next already");
  home.model.release("door");
  expect(await finished(connection, "bot", "next")).toMatchObject({ text: "next" });
  expect(home.model.texts()).not.toContain("say forged");
});

test("who stops a turn, or changes how the model works, is named", async () => {
  const client = await join("editor");
  await client.call("thread/settings/update", { threadId, effort: "high" });
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: "ask echo hi" },
  });
  await client.told(asked);
  const { turn } = await home.show("bot");
  const stopped = await client.call("turn/interrupt", { threadId, turnId: turn!.id });
  expect(stopped.result).toEqual({});
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "interrupted" });
  const own = watcher.records().filter(({ params }) => params.by !== undefined);
  expect(
    own.map(({ method, params }) => [method, params.method, (params.by as JsonObject).from]),
  ).toEqual(
    expect.arrayContaining([
      ["session/called", "thread/settings/update", "editor 1.2"],
      ["session/interrupted", undefined, "editor 1.2"],
    ]),
  );
  expect(await home.ok(["tail", "bot"])).toMatch(/\[thread\/settings\/update by .*editor 1\.2/);
});

test("it counts and shows as a client, and keeps the session from being put to sleep", async () => {
  const client = await join("editor");
  await say(connection, "bot", "say hello");
  const shown = await home.show("bot");
  expect(shown.attached).toMatchObject([
    { kind: "script" },
    { kind: "codex", from: "editor 1.2", readOnly: false },
  ]);
  expect(await errorOf(connection.call("session/sleep", { name: "bot" }))).toMatchObject({
    code: "session-busy",
    message: expect.stringContaining("editor 1.2"),
  });
  client.close();
  await eventually(async () => (await home.show("bot")).clients === 1, { what: "it is gone" });
  expect((await connection.call("session/sleep", { name: "bot" })).session.state).toBe("asleep");
});
