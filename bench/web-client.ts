/** A client over the daemon's port, as small as one can be: a WebSocket, or a stream of events. */

import http from "node:http";
import { createRequire } from "node:module";
import type WebSocketType from "ws";

const WebSocket = createRequire(import.meta.url)("ws") as typeof WebSocketType;

// biome-ignore lint/suspicious/noExplicitAny: a benchmark looks at what it needs
type Any = any;

export interface WebClient {
  call(method: string, params: object): Promise<Any>;
  onEvent: (event: Any) => void;
  onClose: () => void;
  close(): void;
}

/** Connects and says hello; rejects when it is not let in or nobody is there. */
export async function dialWeb(url: string, token: string): Promise<WebClient> {
  const link = new WebSocket(`${url.replace(/^http/, "ws")}/v1/ws`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => link.once("open", resolve).once("error", reject));
  link.on("error", () => {});
  let nextId = 1;
  const waiting = new Map<
    number,
    { resolve: (value: Any) => void; reject: (error: Error) => void }
  >();
  const client: WebClient = {
    onEvent: () => {},
    onClose: () => {},
    call: (method, params) => {
      const id = nextId++;
      link.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    close: () => link.terminate(),
  };
  link.on("message", (data) => {
    const { id, method, params, result, error } = JSON.parse(String(data));
    if (method !== undefined) return client.onEvent(params);
    const call = waiting.get(id);
    waiting.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result);
  });
  link.once("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("closed"));
    client.onClose();
  });
  await client.call("hello", {
    protocol: { min: 1, max: 1 },
    client: { kind: "bench", version: "0", user: "", from: "" },
  });
  return client;
}

export async function openStream(
  url: string,
  token: string,
  name: string,
  onEvent: (event: Any) => void,
): Promise<void> {
  const request = http.get(`${url}/v1/sessions/${name}/events`, {
    headers: { authorization: `Bearer ${token}` },
    agent: false,
  });
  const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
    request.once("response", resolve).once("error", reject),
  );
  if (response.statusCode !== 200)
    throw new Error(`the stream was answered ${response.statusCode}`);
  let rest = "";
  const live = Promise.withResolvers<void>();
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const at = block.indexOf("data: ");
      if (at === -1) continue;
      const event = JSON.parse(block.slice(at + 6));
      if (event.method === "session/live") live.resolve();
      onEvent(event);
    }
  });
  await live.promise;
}
