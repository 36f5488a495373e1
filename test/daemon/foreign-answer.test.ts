/** What reaches an agent past the daemon, on the agent's own socket, may answer before us. */
import { afterEach, beforeEach, expect, test } from "vitest";
import WebSocket from "ws";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { eventually, within } from "../support/eventually.ts";
import { clientIdsIn } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let link: WebSocket | undefined;
beforeEach(async () => {
  home = await createHome();
});
afterEach(async () => {
  link?.terminate();
  await home.close();
});

/** Another client of codex's protocol on the agent's own socket, subscribed to its thread. */
async function joinAgent(socket: string, threadId: string): Promise<JsonObject[]> {
  const ws = new WebSocket(`ws+unix://${socket}:/rpc`, { perMessageDeflate: false });
  link = ws;
  const frames: JsonObject[] = [];
  const answered = (id: number) =>
    within(
      new Promise<void>((resolve) => {
        ws.on("message", () => frames.some((frame) => frame.id === id) && resolve());
      }),
      { what: `codex answers ${id}` },
    );
  ws.on("message", (data) => void frames.push(JSON.parse(String(data))));
  await new Promise((resolve) => ws.once("open", resolve));
  const clientInfo = { name: "other", title: "other", version: "0" };
  ws.send(
    JSON.stringify({
      id: 101,
      method: "initialize",
      params: { clientInfo, capabilities: { experimentalApi: true } },
    }),
  );
  await answered(101);
  ws.send(
    JSON.stringify({ id: 102, method: "thread/resume", params: { threadId, excludeTurns: true } }),
  );
  await answered(102);
  return frames;
}

test("an answer on codex's own socket counts, is told to all, and is attributed to codex", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  const watcher = await watch(home, "bot");
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: "ask echo hi" },
  });
  const asked = await watcher.until("the question", ({ method }) => method === "session/approval");
  const { id } = asked.params.approval as JsonObject;
  const { threadId } = await home.show("bot");
  const frames = await joinAgent(await home.agentSocket("bot"), threadId!);
  const request = await eventually(
    () => frames.find(({ method }) => method === "item/commandExecution/requestApproval"),
    { what: "codex asks the other client too" },
  );
  link!.send(JSON.stringify({ id: request.id, result: { decision: "accept" } }));

  const answered = await watcher.until("the answer", ({ params }) => params.id === id);
  expect(answered.params).toMatchObject({
    status: "answered",
    decision: "unknown",
    by: { kind: "codex" },
  });
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "completed" });
  const late = await errorOf(
    connection.call("session/answer", {
      name: "bot",
      id: String(id),
      answer: { decision: "decline" },
    }),
  );
  expect(late).toMatchObject({
    code: "approval-answered",
    message: expect.stringContaining("codex"),
  });
  // The daemon took it in its stride.
  expect(watcher.events.filter(({ method }) => method === "session/agent")).toHaveLength(1);
  watcher.stop();
});

test("a turn that another client began is in the history, and our messages wait for its end", async () => {
  const connection = await home.connect();
  const { threadId } = await createSession(home, connection, { name: "bot" });
  const first = await connection.call("session/send", {
    name: "bot",
    content: { text: "say hello" },
  });
  await finished(connection, "bot", first.messageId);
  await joinAgent(await home.agentSocket("bot"), threadId!);
  const watcher = await watch(home, "bot");
  const input = [{ type: "text", text: "gated theirs and done", text_elements: [] }];
  link!.send(JSON.stringify({ id: 103, method: "turn/start", params: { threadId, input } }));
  await home.model.reached("theirs");
  await watcher.until("their words", ({ params }) =>
    String(params.delta).includes("before theirs"),
  );
  expect((await home.show("bot")).state).toBe("working");

  const ours = await connection.call("session/send", {
    name: "bot",
    content: { text: "say ours" },
  });
  home.model.release("theirs");
  expect(await finished(connection, "bot", ours.messageId)).toMatchObject({ text: "ours" });
  expect(home.model.texts()).toEqual(["say hello", "gated theirs and done", "say ours"]);
  expect(clientIdsIn(await expectWhole(home, "bot"))).toEqual([first.messageId, ours.messageId]);
  watcher.stop();
});
