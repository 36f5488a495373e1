/** A client on an agent's own socket, as codex has it: the control that ours is compared with. */
import { createRequire } from "node:module";
import net from "node:net";
import type WebSocketType from "ws";

const WebSocket = createRequire(import.meta.url)("ws") as typeof WebSocketType;

export interface AgentClient {
  call(method: string, params: object): Promise<unknown>;
  onNotification: (method: string, params: Record<string, unknown>) => void;
  close(): void;
}

export async function dialAgent(socket: string, threadId?: string): Promise<AgentClient> {
  const ws = new WebSocket("ws://localhost/rpc", {
    createConnection: () => net.connect({ path: socket }),
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
  let nextId = 1;
  const waiting = new Map<number, (result: unknown) => void>();
  const client: AgentClient = {
    onNotification: () => {},
    call: (method, params) => {
      const id = nextId++;
      ws.send(JSON.stringify({ id, method, params }));
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => ws.terminate(),
  };
  ws.on("message", (data) => {
    const message = JSON.parse(String(data));
    if (message.method !== undefined) client.onNotification(message.method, message.params);
    else waiting.get(message.id)?.(message.result);
  });
  await client.call("initialize", {
    clientInfo: { name: "bench", title: "bench", version: "0" },
    capabilities: { experimentalApi: true, requestAttestation: false },
  });
  ws.send(JSON.stringify({ method: "initialized" }));
  if (threadId !== undefined) await client.call("thread/resume", { threadId, excludeTurns: true });
  return client;
}
