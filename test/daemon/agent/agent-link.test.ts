/** What a codex may say: the link takes what is long, leaves out what is none of it, bounds the rest. */
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { AgentLink, openSocket } from "../../../src/daemon/agent/agent-link.ts";

let dir: string;
let server: http.Server;
/** codex's side of the connection. */
let codex: WebSocket;
let wire: Socket;
const events = {
  onNotification: vi.fn(),
  onRequest: vi.fn(),
  onClose: vi.fn(),
  onGarbage: vi.fn(),
};

beforeEach(async () => {
  vi.clearAllMocks();
  dir = mkdtempSync("/tmp/hs-");
  server = http.createServer();
  const webSockets = new WebSocketServer({ server });
  webSockets.on("connection", (ws, request) => {
    codex = ws;
    wire = request.socket;
    ws.on("message", (data) => {
      const { id, method } = JSON.parse(String(data));
      if (method === "initialize") ws.send(JSON.stringify({ id, result: {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(join(dir, "s"), resolve));
});
afterEach(() => {
  codex.terminate();
  server.close();
  rmSync(dir, { recursive: true });
});

const link = async () => AgentLink.greet(await openSocket(join(dir, "s")), events);

test("a line of 32 MB is one like any other", async () => {
  const agent = await link();
  const delta = "x".repeat(32 * 1024 * 1024);
  codex.send(JSON.stringify({ method: "item/completed", params: { delta } }));
  await vi.waitFor(() => expect(events.onNotification).toHaveBeenCalled(), { timeout: 30_000 });
  expect(events.onNotification.mock.calls[0]?.[1].delta).toHaveLength(delta.length);
  agent.close();
});

test("a line past the bound ends the connection before it is held", async () => {
  await link();
  // The header of a frame of 300 MiB, of which nothing more comes.
  const header = Buffer.alloc(10);
  header[0] = 0x81;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(300 * 1024 * 1024), 2);
  wire.write(header);
  await vi.waitFor(() => expect(events.onClose).toHaveBeenCalledOnce(), { timeout: 10_000 });
  expect(events.onNotification).not.toHaveBeenCalled();
});

test("what is not the protocol is told and left out, and what follows is heard", async () => {
  const agent = await link();
  for (const text of ["", "nonsense", "[]", "{", '{"id":{}}', "null"]) codex.send(text);
  codex.send(JSON.stringify({ method: "turn/started", params: {}, emittedAtMs: 5 }));
  await vi.waitFor(() => expect(events.onNotification).toHaveBeenCalledOnce());
  expect(events.onNotification).toHaveBeenCalledWith("turn/started", {}, 5);
  expect(events.onGarbage).toHaveBeenCalledTimes(6);
  expect(agent.closed).toBe(false);
  agent.close();
});
