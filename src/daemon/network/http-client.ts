/**
 * A client for the length of one HTTP request. It needs no hello: its token says who it is. For a
 * stream of events it is what the feed writes to, bounded like any other client.
 */
import type { ServerResponse } from "node:http";
import { HacsError } from "../../protocol/errors.ts";
import type { Actor } from "../../protocol/session.ts";
import type { Attachment, Client, Identity } from "../client.ts";
import { serverSentEvents } from "../session/framing.ts";
import { problemOf } from "./problem.ts";

/** Proxies end what is silent for long; and to write is the only way to find the other side gone. */
const sayNothingEveryMs = 15_000;
const reconnectMs = 1_000;

export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  // nginx would hold events back to fill its buffers.
  "x-accel-buffering": "no",
};

export class HttpClient implements Client {
  readonly identity: Identity;
  readonly actor: Actor;
  readonly attachments = new Map<string, Attachment>();
  readonly framing = serverSentEvents;
  onClose: () => void = () => {};
  readonly #response: ServerResponse;
  readonly #onBug: (error: unknown) => void;
  readonly #drained: (() => void)[] = [];
  #streams = false;
  #ended = false;

  constructor(identity: Identity, response: ServerResponse, onBug: (error: unknown) => void) {
    this.identity = identity;
    this.actor = { kind: "http", user: "", from: "", ...identity.known };
    this.#response = response;
    this.#onBug = onBug;
  }

  get closed(): boolean {
    return this.#ended || this.#response.destroyed;
  }

  get backlogBytes(): number {
    return this.#response.writableLength;
  }

  /** Begins the stream: what follows is events, until one side closes. */
  stream(headers: Record<string, string>): void {
    const response = this.#response;
    this.#streams = true;
    // Without chunks, what the feed framed once for all goes out as it is.
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.socket?.setKeepAlive(true, sayNothingEveryMs);
    response.writeHead(200, { ...headers, ...streamHeaders });
    response.write(`retry: ${reconnectMs}\n\n`);
    response.on("drain", () => this.#onDrain());
    const pulse = setInterval(() => this.#write(":\n\n"), sayNothingEveryMs).unref();
    response.on("close", () => {
      clearInterval(pulse);
      this.#part();
      this.onClose();
    });
  }

  /** The request is over, and what was opened for it with it, unless a stream goes on. */
  answered(): void {
    if (this.#streams && !this.closed) return;
    this.#ended = true;
    this.#part();
  }

  /** Something that is no event of the session's. */
  say(name: string, data: object): void {
    this.#write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  write(bytes: Buffer): void {
    if (bytes.length > 0) this.#write(bytes);
  }

  whenDrained(callback: () => void): void {
    if (this.closed) return;
    if (this.#response.writableNeedDrain) this.#drained.push(callback);
    else setImmediate(callback);
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    if (!(error instanceof HacsError)) this.#onBug(error);
    this.say("error", problemOf(error));
    this.#ended = true;
    this.#part();
    this.#response.end();
    // It may be one that does not read, and then nothing would ever end it.
    setTimeout(() => this.#response.destroy(), lastBytesMs).unref();
  }

  #write(data: Buffer | string): void {
    if (!this.closed) this.#response.write(data);
  }

  #onDrain(): void {
    for (const callback of this.#drained.splice(0)) callback();
  }

  #part(): void {
    this.#drained.length = 0;
    for (const { end } of this.attachments.values()) end();
    this.attachments.clear();
  }
}

/** How long the last of an ended stream may take. */
const lastBytesMs = 500;
