/**
 * A daemon that keeps to the protocol as far as a test lets it, and says whatever the test wants
 * in place of the rest.
 */
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";

type Answer = (params: Record<string, unknown>, say: (line: string) => void) => unknown;

export const hostileSession = {
  name: "bot",
  id: "0123456789abcdef",
  state: "idle",
  cwd: "/",
  model: null,
  provider: null,
  threadId: null,
  agentPid: null,
  clients: 0,
  approvals: 0,
  queued: 0,
  seq: 3,
  createdAt: "2026-01-01T00:00:00.000Z",
  activeAt: "2026-01-01T00:00:00.000Z",
  peer: null,
  labels: {},
};

export const hostileId = "f".repeat(32);

export class HostilePeer {
  readonly dir = mkdtempSync("/tmp/hs-");
  readonly path = join(this.dir, "h.sock");
  /** What a method's result is; a thrown `{code}` is sent as an error, undefined is silence. */
  readonly answers = new Map<string, Answer>();
  /** Every request that came over a channel. */
  readonly requests: { method: string; params: Record<string, unknown> }[] = [];
  readonly #sockets = new Set<net.Socket>();
  #server: net.Server | undefined;

  get url(): string {
    return `unix://${this.path}`;
  }

  /** As an honest peer with one session would. */
  reset(): void {
    this.answers.clear();
    this.answers.set("hello", () => ({
      protocol: 1,
      daemon: { pid: 1, version: "0", id: hostileId },
    }));
    this.answers.set("peer/link", () => ({}));
    this.answers.set("peer/sessions", () => ({
      sessions: [{ via: [hostileId], session: hostileSession }],
    }));
    this.answers.set("session/attach", () => ({
      session: hostileSession,
      head: 3,
      approvals: [],
      messages: [],
      composed: { text: "", revision: 0 },
    }));
  }

  async listen(): Promise<void> {
    this.reset();
    this.#server = net.createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve) => this.#server?.listen(this.path, resolve));
  }

  /** Raw bytes on every connection. */
  say(bytes: string | Buffer): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
    rmSync(this.dir, { recursive: true, force: true });
  }

  #serve(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    const heard = new LinkReader();
    socket.on("data", (chunk) => {
      for (const { channel, frame } of heard.read(chunk)) this.#take(channel, frame, socket);
    });
  }

  #take(channel: number | null, frame: string, socket: net.Socket): void {
    if (channel === 0 && frame === "ping") return void socket.write("0 pong\n");
    if (!frame.startsWith("{")) return;
    const { id, method, params } = JSON.parse(frame);
    const say = (text: string) => void socket.write(framed(channel, text));
    if (channel !== null) this.requests.push({ method, params });
    try {
      const result = this.answers.get(method)?.(params, say);
      if (result !== undefined) say(JSON.stringify({ jsonrpc: "2.0", id, result }));
    } catch (error) {
      say(JSON.stringify({ jsonrpc: "2.0", id, error }));
    }
  }
}

/** A frame as it is on a link's channel, or on a connection that is none yet. */
export function framed(channel: number | null, text: string): string {
  const line = `${text}\n`;
  return channel === null ? line : `${channel} ${Buffer.byteLength(line)}\n${line}`;
}

/** Frames and words as they come, on a connection that becomes a link when `peer/link` is asked. */
export class LinkReader {
  #rest: Buffer = Buffer.alloc(0);
  #linked = false;

  read(chunk: Buffer): { channel: number | null; frame: string }[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const found: { channel: number | null; frame: string }[] = [];
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end === -1) return found;
      const line = this.#rest.toString("utf8", 0, end);
      const [, channel, bytes, word] = /^(\d+) (?:(\d+)|([a-z]+))$/.exec(line) ?? [];
      const stop = end + 1 + Number(bytes ?? 0);
      if (this.#rest.length < stop) return found;
      if (!this.#linked) found.push({ channel: null, frame: line });
      else if (word !== undefined) found.push({ channel: Number(channel), frame: word });
      else
        for (const frame of this.#rest
          .toString("utf8", end + 1, stop)
          .split("\n")
          .slice(0, -1))
          found.push({ channel: Number(channel), frame });
      this.#linked ||= line.includes('"method":"peer/link"');
      this.#rest = this.#rest.subarray(stop);
    }
  }
}
