/** A client over the daemon's port, as small as one can be: a WebSocket, or a stream of events. */

import http from "node:http";
import { openTextSocket } from "./text-socket.ts";

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
  const link = await openTextSocket(`${url}/v1/ws`, {
    headers: { authorization: `Bearer ${token}` },
  });
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
  link.onText = (text) => {
    const { id, method, params, result, error } = JSON.parse(text);
    if (method !== undefined) return client.onEvent(params);
    const call = waiting.get(id);
    waiting.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result);
  };
  link.onClose = () => {
    for (const { reject } of waiting.values()) reject(new Error("closed"));
    client.onClose();
  };
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
  let rest: Buffer = Buffer.alloc(0);
  const live = Promise.withResolvers<void>();
  response.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf("\n\n");
    rest = bytes.subarray(end === -1 ? 0 : end + 2);
    if (end === -1) return;
    for (const block of bytes.toString("utf8", 0, end).split("\n\n")) {
      const at = block.indexOf("data: ");
      if (at === -1) continue;
      const event = JSON.parse(block.slice(at + 6));
      if (event.method === "session/live") live.resolve();
      onEvent(event);
    }
  });
  await live.promise;
}
