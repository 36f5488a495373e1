/** A client on an agent's own socket, as codex has it: the control that ours is compared with. */
import { openTextSocket } from "./text-socket.ts";

export interface AgentClient {
  call(method: string, params: object): Promise<unknown>;
  onNotification: (method: string, params: Record<string, unknown>) => void;
  close(): void;
}

export async function dialAgent(socket: string, threadId?: string): Promise<AgentClient> {
  const ws = await openTextSocket("http://localhost/rpc", { socketPath: socket });
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
  ws.onText = (text) => {
    const message = JSON.parse(text);
    if (message.method !== undefined) client.onNotification(message.method, message.params);
    else waiting.get(message.id)?.(message.result);
  };
  await client.call("initialize", {
    clientInfo: { name: "bench", title: "bench", version: "0" },
    capabilities: { experimentalApi: true, requestAttestation: false },
  });
  ws.send(JSON.stringify({ method: "initialized" }));
  if (threadId !== undefined) await client.call("thread/resume", { threadId, excludeTurns: true });
  return client;
}
