/**
 * One client: frames in, answers and events out. It shakes hands, hands each request to the
 * dispatcher and keeps the client's attachments. What it may hold is bounded: a client that does
 * not read stops being read.
 */
import type { Socket } from "node:net";
import { HacsError, toRpcError } from "../protocol/errors.ts";
import { LineSplitter } from "../protocol/framing.ts";
import {
  decode,
  encodeFailure,
  encodeResult,
  type JsonObject,
  type RequestId,
} from "../protocol/messages.ts";
import type { Actor } from "../protocol/session.ts";
import type { Attachment, Client, Identity } from "./client.ts";
import { nestingMax, nestsDeeper } from "./nesting.ts";

/** Answers a request, or throws a HacsError. */
export type Dispatch = (client: Client, method: string, params: JsonObject) => unknown;

/** Past this many unread bytes of answers, the client's requests wait until it reads. */
const answerBytesMax = 8 * 1024 * 1024;
const requestsMax = 1_000;
/** A request is at most a message with its text, or an environment. */
const requestBytesMax = 8 * 1024 * 1024;
/** Nobody needs more than this to say hello. */
const helloBytesMax = 64 * 1024;
/** How long one client's requests may keep the event loop from the others. */
const sliceMs = 5;

export class ClientConnection implements Client {
  readonly identity: Identity;

  /** Set by the hello. */
  get actor(): Actor | undefined {
    return this.#actor;
  }

  set actor(actor: Actor | undefined) {
    this.#actor = actor;
    this.#splitter.bytesMax = requestBytesMax;
  }

  #actor: Actor | undefined;
  readonly attachments = new Map<string, Attachment>();
  onClose: () => void = () => {};
  readonly #socket: Socket;
  readonly #dispatch: Dispatch;
  readonly #onBug: (error: unknown) => void;
  readonly #splitter = new LineSplitter(helloBytesMax);
  readonly #drained: (() => void)[] = [];
  /** Requests that came and were not begun. */
  readonly #lines: string[] = [];
  #running = 0;
  /** Its requests wait, so that others have their turn. */
  #resting = false;

  constructor(
    socket: Socket,
    identity: Identity,
    dispatch: Dispatch,
    onBug: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.identity = identity;
    this.#dispatch = dispatch;
    this.#onBug = onBug;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#onDrain());
    // A client that is gone is not an error of ours; its close follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#closed());
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  write(data: Buffer | string): void {
    if (data.length > 0 && !this.#socket.destroyed) this.#socket.write(data);
  }

  whenDrained(callback: () => void): void {
    if (this.closed) return;
    if (this.#socket.writableNeedDrain) this.#drained.push(callback);
    else setImmediate(callback);
  }

  fail(error: unknown): void {
    if (!(error instanceof HacsError)) this.#onBug(error);
    this.write(`${encodeFailure(null, toRpcError(error))}\n`);
    this.#socket.end();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    try {
      this.#lines.push(...this.#splitter.push(chunk));
    } catch (error) {
      // Where a frame ends is not known any more, so nothing after it can be trusted.
      this.fail(error);
    }
    if (!this.#resting) this.#work();
  }

  /** One chunk may hold hundreds of requests: those that are too many wait here, unread ones outside. */
  #work(): void {
    const until = performance.now() + sliceMs;
    while (!this.#crowded && performance.now() < until) {
      const line = this.#lines.shift();
      if (line === undefined) break;
      this.#handle(line);
    }
    this.#resting = this.#lines.length > 0 && !this.#crowded;
    if (this.#resting) setImmediate(() => this.#work());
    if (this.#crowded || this.#resting) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  get #crowded(): boolean {
    return this.#running > requestsMax || this.backlogBytes > answerBytesMax;
  }

  #handle(line: string): void {
    let message: ReturnType<typeof decode>;
    try {
      if (nestsDeeper(line)) throw tooDeep();
      message = decode(line);
    } catch (error) {
      return this.write(`${encodeFailure(null, toRpcError(error))}\n`);
    }
    // Clients answer nothing, and have nothing to notify of.
    if (message.kind === "request") this.#serve(message.id, message.method, message.params);
  }

  #serve(id: RequestId, method: string, params: JsonObject): void {
    try {
      const result = this.#dispatch(this, method, params);
      // What is known at once is written at once, so that it counts before the next is begun.
      if (!(result instanceof Promise)) return this.write(`${encodeResult(id, result)}\n`);
      this.#running++;
      void result
        .then(
          (value) => this.write(`${encodeResult(id, value)}\n`),
          (error) => this.#fail(id, error),
        )
        .finally(() => {
          this.#running--;
          this.#work();
        });
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #fail(id: RequestId, error: unknown): void {
    if (!(error instanceof HacsError)) this.#onBug(error);
    this.write(`${encodeFailure(id, toRpcError(error))}\n`);
  }

  #onDrain(): void {
    this.#work();
    for (const callback of this.#drained.splice(0)) callback();
  }

  #closed(): void {
    this.#drained.length = 0;
    this.#lines.length = 0;
    for (const { end } of this.attachments.values()) end();
    this.attachments.clear();
    this.onClose();
  }
}

function tooDeep(): HacsError {
  return new HacsError(
    "frame-invalid",
    `A frame nests ${nestingMax} levels at most; this one is deeper.`,
  );
}
