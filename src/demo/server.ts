/**
 * The HTTP half of a stand-in for a model: the part of the Responses API that codex uses, on
 * loopback. What is answered comes from outside, one step at a time, so the demo and the tests
 * share this file and differ in their `reply`. A caller that goes away ends its reply; nothing
 * that a caller sends ends the server.
 */
import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { type ModelRequest, readRequest } from "./request.ts";

/**
 * A step of an answer: a piece of text; a call of one of codex's functions, or of one in a
 * namespace of them, which ends the answer and comes back as a request with `toolOutput`; or an
 * error, which ends it too.
 */
export type ModelStep =
  | { text: string }
  | { call: string; namespace?: string; arguments: Record<string, unknown> }
  | { error: string };

export type ModelReply = (request: ModelRequest) => AsyncIterable<ModelStep>;

export interface ModelServer {
  port: number;
  /** Ends every answer on its way, and the server. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 takes any free one. Throws when the port is taken. */
export async function createModelServer(reply: ModelReply, port = 0): Promise<ModelServer> {
  const server = http.createServer((request, response) => {
    handle(request, response, reply).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  reply: ModelReply,
): Promise<void> {
  // Without this a web page could reach the server through a name that resolves to loopback.
  const host = request.headers.host ?? "";
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host) || request.headers.origin !== undefined)
    return refuse(response, 403, "only local programs may ask");
  const path = (request.url ?? "/").replace(/\?.*$/, "");
  if (request.method === "GET" && path === "/v1/models")
    return sendJson(response, 200, { object: "list", data: [], models: [] });
  if (request.method !== "POST" || path !== "/v1/responses")
    return refuse(response, 404, "there is no such endpoint");

  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const asked = await readRequest(request, gone.signal);
  if ("status" in asked) return refuse(response, asked.status, asked.why);
  await stream(response, reply(asked), gone.signal);
}

/** Answers with server-sent events, in the order that codex expects them. */
async function stream(
  response: http.ServerResponse,
  steps: AsyncIterable<ModelStep>,
  signal: AbortSignal,
): Promise<void> {
  // Random, since a thread outlives this server and its items' ids must stay apart.
  const id = `resp_${randomUUID()}`;
  const output: object[] = [];
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  const finish = (item: object) => {
    send("response.output_item.done", { output_index: output.length, item });
    output.push(item);
  };

  let written = "";
  send("response.created", { response: { id } });
  for await (const step of until(steps, signal)) {
    if ("error" in step) {
      const error = { code: "invalid_prompt", message: step.error };
      send("response.failed", { response: { id, error } });
      return void response.end();
    }
    if ("call" in step) {
      if (written !== "") finish(messageItem(id, written));
      finish(callItem(id, step));
      break;
    }
    if (step.text === "") continue;
    if (written === "")
      send("response.output_item.added", { output_index: 0, item: messageItem(id, "") });
    written += step.text;
    const place = { item_id: messageId(id), output_index: 0, content_index: 0 };
    const flowing = send("response.output_text.delta", { ...place, delta: step.text });
    if (!flowing) await drained(response, signal);
  }
  if (signal.aborted) return;
  if (written !== "" && output.length === 0) finish(messageItem(id, written));
  send("response.completed", { response: { id, output, usage: usageOf(written) } });
  response.end();
}

const messageId = (responseId: string) => responseId.replace("resp_", "msg_");

function messageItem(responseId: string, text: string): object {
  const content = text === "" ? [] : [{ type: "output_text", text, annotations: [] }];
  return { type: "message", id: messageId(responseId), role: "assistant", content };
}

function callItem(
  responseId: string,
  { call: name, namespace, arguments: args }: Extract<ModelStep, { call: string }>,
): object {
  const part = responseId.replace("resp_", "");
  const ids = { id: `fc_${part}`, call_id: `call_${part}` };
  const within = namespace === undefined ? {} : { namespace };
  return { type: "function_call", ...ids, ...within, name, arguments: JSON.stringify(args) };
}

/** The steps until the caller hangs up; a reply that waits for something is then let go. */
async function* until<T>(steps: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = steps[Symbol.asyncIterator]();
  const aborted = new Promise<{ done: true; value: undefined }>((resolve) => {
    signal.addEventListener("abort", () => resolve({ done: true, value: undefined }));
    if (signal.aborted) resolve({ done: true, value: undefined });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (signal.aborted) {
      // Not awaited: it settles only when what the reply waits for does.
      iterator.return?.()?.catch(() => {});
      return;
    }
    if (next.done) return;
    yield next.value;
  }
}

function drained(response: http.ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    response.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** About four characters to a token; nobody is billed by it. */
function usageOf(written: string): object {
  const output = Math.ceil(written.length / 4);
  return {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 10 + output,
  };
}

function refuse(response: http.ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { message, type: "invalid_request_error" } });
}

function sendJson(response: http.ServerResponse, status: number, body: object): void {
  const close = status >= 400 ? { connection: "close" } : {};
  response.writeHead(status, { "content-type": "application/json", ...close });
  response.end(JSON.stringify(body));
}
