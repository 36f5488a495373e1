/**
 * The daemon's connection to one agent: codex's app-server protocol, as a WebSocket over the
 * agent's unix socket. It understands requests, answers and notifications, and nothing of what
 * they mean.
 */
import net from "node:net";
import WebSocket, { type RawData } from "ws";
import { HacsError } from "../../protocol/errors.ts";
import {
  decode,
  isObject,
  type Json,
  type JsonObject,
  type Message,
  type RequestId,
} from "../../protocol/messages.ts";
import { objectOf, stringOf } from "../../protocol/shape.ts";
import { asUser, type UnixUser } from "../../system/unix-user.ts";
import { version } from "../../system/version.ts";
import { isStoreError } from "../store/storing.ts";
import type { AgentSocket } from "./agent-runtime.ts";

/** The longest message accepted from codex, in bytes: a huge command output is 1 MB or so. */
const payloadBytesMax = 256 * 1024 * 1024;
const callTimeoutMs = 60_000;
/** An agent that listens and does not speak within this is hung. */
const handshakeTimeoutMs = 5_000;
/** So long at a time is an agent read. */
const sliceMs = 2;

export interface AgentLinkEvents {
  onNotification: (method: string, params: JsonObject, emittedAtMs: number | undefined) => void;
  onRequest: (id: RequestId, method: string, params: JsonObject) => void;
  onClose: () => void;
  /** A frame that is not what the protocol says; it is left out. */
  onGarbage: (error: unknown) => void;
}

/** An error that codex answered; `data` is codex's own. */
export class CodexError extends HacsError {
  readonly number: number;
  readonly data: Json;

  /** Of whatever it answered in place of a result. */
  static of(method: string, { code, message, data = null }: JsonObject): CodexError {
    const text = stringOf(message) ?? "it does not say which";
    return new CodexError(method, typeof code === "number" ? code : 0, text, data);
  }

  constructor(method: string, number: number, message: string, data: Json) {
    super("codex-error", `codex answered ${method} with an error: ${message}`);
    this.number = number;
    this.data = data;
  }
}

type Waiting = {
  method: string;
  resolve: (result: Json) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
};

export class AgentLink {
  readonly #ws: AgentSocket;
  readonly #events: AgentLinkEvents;
  readonly #waiting = new Map<RequestId, Waiting>();
  /** What came and was not read yet: at most what one read of the socket brings. */
  readonly #backlog: RawData[] = [];
  #sliceStart: number | undefined;
  #nextId = 1;
  #closed = false;

  /** Shakes hands on an open connection. Throws `agent-gone` when nobody answers. */
  static async greet(ws: AgentSocket, events: AgentLinkEvents): Promise<AgentLink> {
    const link = new AgentLink(ws, events);
    try {
      await link.call(
        "initialize",
        {
          clientInfo: { name: "hacs-session", title: "hacs-session", version },
          capabilities: { experimentalApi: true, requestAttestation: false },
        },
        handshakeTimeoutMs,
      );
    } catch (error) {
      // One that hangs is dialled again and again, and each time a connection would stay open.
      link.close();
      throw error;
    }
    ws.send(JSON.stringify({ method: "initialized" }));
    return link;
  }

  private constructor(ws: AgentSocket, events: AgentLinkEvents) {
    this.#ws = ws;
    this.#events = events;
    ws.on("message", (data) => this.#arrived(data));
    // The close that follows tells all there is to tell.
    ws.on("error", () => {});
    ws.on("close", () => {
      for (const data of this.#backlog.splice(0)) this.#read(String(data));
      this.#end();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  call(method: string, params: object, timeoutMs: number = callTimeoutMs): Promise<Json> {
    if (this.#closed) return Promise.reject(gone("its connection is closed"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(gone(`it did not answer ${method} within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.#waiting.set(id, { method, resolve, reject, timer });
      this.#ws.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Answers a request of the agent's. */
  reply(id: RequestId, result: Json): void {
    if (!this.#closed) this.#ws.send(JSON.stringify({ id, result }));
  }

  close(): void {
    this.#ws.terminate();
    this.#end();
  }

  /**
   * An agent that floods is read a slice at a time, and held back by its socket meanwhile: what
   * the kernel has of it can be megabytes, and other sessions have their turn in between.
   */
  #arrived(data: RawData): void {
    const now = performance.now();
    if (this.#sliceStart === undefined) {
      this.#sliceStart = now;
      setImmediate(() => this.#nextSlice());
    }
    if (this.#backlog.length === 0 && now - this.#sliceStart < sliceMs)
      return this.#read(String(data));
    if (this.#backlog.length === 0) this.#ws.pause();
    this.#backlog.push(data);
  }

  #nextSlice(): void {
    this.#sliceStart = undefined;
    if (this.#backlog.length === 0 || this.#closed) return;
    const start = performance.now();
    let taken = 0;
    while (taken < this.#backlog.length && performance.now() - start < sliceMs)
      this.#read(String(this.#backlog[taken++]));
    this.#backlog.splice(0, taken);
    if (this.#backlog.length === 0) return this.#ws.resume();
    this.#sliceStart = start;
    setImmediate(() => this.#nextSlice());
  }

  #read(frame: string): void {
    try {
      this.#take(decodeCodex(frame), frame);
    } catch (error) {
      if (isStoreError(error)) throw error;
      this.#events.onGarbage(error);
    }
  }

  #take(message: Message, frame: string): void {
    switch (message.kind) {
      case "notification":
        // emittedAtMs is codex's addition to JSON-RPC, always last and short.
        return this.#events.onNotification(message.method, message.params, emittedAt(frame));
      case "request":
        return this.#events.onRequest(message.id, message.method, message.params);
      case "response":
        return this.#waitedFor(message.id)?.resolve(message.result);
      case "failure": {
        const waiting = message.id === null ? undefined : this.#waitedFor(message.id);
        waiting?.reject(CodexError.of(waiting.method, message.error as unknown as JsonObject));
      }
    }
  }

  #waitedFor(id: RequestId): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(gone("its connection closed"));
    }
    this.#waiting.clear();
    this.#events.onClose();
  }
}

/**
 * A connection on which nothing was said yet. Throws `agent-gone` when nobody answers. What another
 * user's agent has at `socket` is a link of that user's making: it leads where he gets himself, and
 * not to an agent of somebody else.
 */
export async function openSocket(socket: string, user?: UnixUser): Promise<WebSocket> {
  const ws = new WebSocket("ws://localhost/rpc", {
    // ws tells its timeout to the connection it is given, and to nobody else.
    createConnection: () =>
      asUser(user, () => net.connect({ path: socket, timeout: handshakeTimeoutMs })),
    perMessageDeflate: false,
    maxPayload: payloadBytesMax,
    skipUTF8Validation: true,
    handshakeTimeout: handshakeTimeoutMs,
  });
  await new Promise<void>((resolve, reject) => {
    ws.once("open", resolve);
    ws.once("error", (error) => reject(gone(error.message)));
  });
  ws.removeAllListeners("error");
  return ws;
}

/**
 * Reads a frame of codex's. Params that are no object, which JSON-RPC allows and codex does not use
 * yet, are handed on inside one. Throws `frame-invalid`.
 */
export function decodeCodex(frame: string): Message {
  try {
    return decode(frame);
  } catch (error) {
    const { id, method, params } = objectOf(parsed(frame));
    if (typeof method !== "string" || params === undefined || isObject(params)) throw error;
    const given = { params };
    if (id === undefined) return { kind: "notification", method, params: given };
    if (typeof id !== "number" && typeof id !== "string") throw error;
    return { kind: "request", id, method, params: given };
  }
}

function parsed(frame: string): unknown {
  try {
    return JSON.parse(frame);
  } catch {
    return undefined;
  }
}

function emittedAt(frame: string): number | undefined {
  const match = /"emittedAtMs":(\d+)\}$/.exec(frame.slice(-40));
  return match ? Number(match[1]) : undefined;
}

function gone(why: string): HacsError {
  return new HacsError(
    "agent-gone",
    `The session's agent can't be reached: ${why}.`,
    "It is started again by the next message, or with: hacs-session restart NAME",
  );
}
