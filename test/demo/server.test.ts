/** The HTTP half by itself: what codex never sends must not end it, and a hang-up must be felt. */
import { request as httpRequest } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createModelServer, type ModelReply, type ModelServer } from "../../src/demo/server.ts";
import { within } from "../support/eventually.ts";

let server: ModelServer;
afterEach(() => server.close());

const hello: ModelReply = async function* () {
  yield { text: "hello " };
  yield { text: "you" };
};

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

function ask({ method = "POST", path = "/v1/responses", headers = {}, body = "" }: Asked) {
  const options = { host: "127.0.0.1", port: server.port, method, path, headers };
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = httpRequest(options, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function eventsOf(stream: string): { type: string; [member: string]: unknown }[] {
  return stream
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => JSON.parse(block.slice(block.indexOf("data: ") + 6)));
}

test("an answer is streamed as the Responses API does it", async () => {
  server = await createModelServer(hello);
  const { status, text } = await ask({ body: '{"input":[]}' });
  expect(status).toBe(200);
  const events = eventsOf(text);
  expect(events.map(({ type }) => type)).toEqual([
    "response.created",
    "response.output_item.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_item.done",
    "response.completed",
  ]);
  expect(events[4]).toMatchObject({ item: { content: [{ text: "hello you" }] } });
});

test("text before a call is an item of its own", async () => {
  server = await createModelServer(async function* () {
    yield { text: "so" };
    yield { call: "f", arguments: { a: 1 } };
    yield { text: "never said" };
  });
  const events = eventsOf((await ask({ body: "{}" })).text);
  const items = (events.at(-1)!.response as { output: { type: string }[] }).output;
  expect(items.map(({ type }) => type)).toEqual(["message", "function_call"]);
  expect(items[1]).toMatchObject({ name: "f", arguments: '{"a":1}' });
});

test("what the user wrote is told from what codex adds", async () => {
  const seen: unknown[] = [];
  server = await createModelServer(async function* ({ userTexts, toolOutput, tools }) {
    seen.push({ userTexts, toolOutput, tools });
    yield { text: "ok" };
  });
  const user = (text: string) => ({ role: "user", content: [{ type: "input_text", text }] });
  const input = [
    { role: "developer", content: [{ text: "rules" }] },
    user("<environment_context>\n</environment_context>"),
    user("# AGENTS.md instructions for /x"),
    user("first"),
    user("a < b"),
    { type: "function_call_output", call_id: "1", output: "result" },
  ];
  await ask({ body: JSON.stringify({ input, tools: [{ name: "f" }, { type: "web_search" }] }) });
  expect(seen).toEqual([
    { userTexts: ["first", "a < b"], toolOutput: "result", tools: ["f", "web_search"] },
  ]);
});

test.each<[string, Asked, number]>([
  ["an empty body", { body: "" }, 400],
  ["no JSON", { body: "{" }, 400],
  ["an array", { body: "[]" }, 400],
  ["null", { body: "null" }, 400],
  ["members of other types", { body: '{"input":{"a":1},"tools":"x"}' }, 200],
  ["items of other types", { body: '{"input":[1,null,{"role":"user","content":{"x":[]}}]}' }, 200],
  ["bytes that are no UTF-8", { body: Buffer.from([0xff, 0xfe, 0x00]) }, 400],
  ["a body above the bound", { body: Buffer.alloc(65 * 1024 * 1024, "x") }, 413],
  ["a compressed body", { headers: { "content-encoding": "zstd" }, body: "x" }, 415],
  ["another endpoint", { path: "/v1/files" }, 404],
  ["a strange path", { path: "/../..//%00?a=b" }, 404],
  ["another method", { method: "DELETE" }, 404],
  ["the list of models", { method: "GET", path: "/v1/models?client_version=1" }, 200],
  ["a name that resolves to loopback", { headers: { host: "evil.example" } }, 403],
  ["a web page", { headers: { origin: "https://evil.example" } }, 403],
])("%s is answered, and the server goes on", async (_, asked, status) => {
  server = await createModelServer(hello);
  expect((await ask(asked)).status).toBe(status);
  expect((await ask({ body: "{}" })).text).toContain("hello ");
});

test("a reply that throws ends its own answer alone", async () => {
  let calls = 0;
  server = await createModelServer(async function* () {
    yield { text: "begun " };
    if (++calls === 1) throw new Error("a bug in the script");
    yield { text: "ended" };
  });
  await expect(ask({ body: "{}" })).rejects.toThrow();
  expect((await ask({ body: "{}" })).text).toContain("ended");
});

test("a caller that hangs up ends the reply it waited for", async () => {
  const aborted = Promise.withResolvers<void>();
  server = await createModelServer(async function* ({ signal }) {
    signal.addEventListener("abort", () => aborted.resolve());
    yield { text: "begun" };
    await new Promise(() => {});
  });
  const sent = httpRequest({
    host: "127.0.0.1",
    port: server.port,
    method: "POST",
    path: "/v1/responses",
  });
  sent.on("error", () => {});
  sent.on("response", (response) => response.once("data", () => sent.destroy()));
  sent.end("{}");
  await within(aborted.promise, { what: "the reply is told" });
});
