/** A client of codex's own protocol, frame by frame, on a socket that speaks it. */
import WebSocket from "ws";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { Arrivals, answerIn, type Frame } from "./arrivals.ts";
import { within } from "./eventually.ts";

export interface CodexClient {
  readonly frames: readonly Frame[];
  /** Sends it as it is. */
  send(frame: string | Buffer): void;
  /** A request with an id of the test's own choice; resolves with the frame that answers it. */
  request(id: number | string, method: string, params?: object): Promise<Frame>;
  /** The same with the next id. */
  call(method: string, params?: object): Promise<Frame>;
  answer(id: number | string, result: object): void;
  /** The first frame, past or to come, that is what the test looks for. */
  until(what: string, is: (frame: Frame) => boolean): Promise<Frame>;
  /** codex's notification of this method. */
  told(method: string): Promise<Frame>;
  pause(): void;
  resume(): void;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

export async function connectCodex(
  where: string,
  options: WebSocket.ClientOptions & { name?: string; introduce?: boolean } = {},
): Promise<CodexClient> {
  const { name = "test-client", introduce = true, ...given } = options;
  const url = where.startsWith("/") ? `ws+unix://${where}:/rpc` : where;
  const ws = new WebSocket(url, { perMessageDeflate: false, ...given });
  const frames = new Arrivals<Frame>();
  ws.on("message", (data) => frames.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise((resolve, reject) => {
    ws.once("open", resolve);
    ws.once("error", reject);
  });
  ws.removeAllListeners("error");
  // A daemon that hangs up is what some tests want.
  ws.on("error", () => {});
  let last = 100;
  const request: CodexClient["request"] = (id, method, params) => {
    const before = frames.all.length;
    ws.send(JSON.stringify({ id, method, ...(params === undefined ? {} : { params }) }));
    return answerIn(frames, id, before);
  };
  const client: CodexClient = {
    frames: frames.all,
    send: (frame) => ws.send(frame),
    request,
    call: (method, params) => request(++last, method, params),
    answer: (id, result) => ws.send(JSON.stringify({ id, result })),
    until: frames.until,
    told: (method) => frames.until(method, (frame) => frame.method === method),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    closed: within(closed, { what: "the connection is closed", timeoutMs: 120_000 }),
    close: () => ws.terminate(),
  };
  client.closed.catch(() => {});
  if (introduce) await introduced(client, name);
  return client;
}

async function introduced(client: CodexClient, name: string): Promise<void> {
  await client.call("initialize", {
    clientInfo: { name, title: null, version: "1.2" },
    capabilities: { experimentalApi: true, requestAttestation: false },
  });
  client.send(JSON.stringify({ method: "initialized" }));
}

/** What codex takes as a turn's input. */
export function textInput(text: string): JsonObject[] {
  return [{ type: "text", text, text_elements: [] }];
}
