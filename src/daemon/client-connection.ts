/**
 * One client: frames in, answers and events out. It shakes hands, hands each request to the
 * dispatcher and keeps the client's attachments. What it may hold is bounded: a client that does
 * not read stops being read.
 */
import type { Duplex } from "node:stream";
import { HacsError, toRpcError } from "../protocol/errors.ts";
import {
  decode,
  encodeFailure,
  encodeResult,
  type JsonObject,
  type RequestId,
} from "../protocol/messages.ts";
import { limits } from "../protocol/methods.ts";
import type { Actor } from "../protocol/session.ts";
import type { Attachment, Client, Dispatch, Identity } from "./client.ts";
import { refuseIntricate } from "./nesting.ts";
import type { Wire } from "./wire.ts";

/** Past this many unread bytes of answers, the client's requests wait until it reads. */
const answerBytesMax = 8 * 1024 * 1024;
const requestsMax = 1_000;
/**
 * A request is at most a message, or an environment. In JSON a text of nothing but control
 * characters is six times as long; a longer request could only keep the others waiting.
 */
export const requestBytesMax = 6 * limits.messageBytesMax + 256 * 1024;
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
    this.#wire.frameBytesMax = requestBytesMax;
  }

  #actor: Actor | undefined;
  passed: readonly string[] = [];
  readonly attachments = new Map<string, Attachment>();
  onClose: () => void = () => {};
  readonly #wire: Wire;
  readonly #dispatch: Dispatch;
  readonly #onBug: (error: unknown) => void;
  readonly #drained: (() => void)[] = [];
  /** Requests that came and were not begun. */
  readonly #frames: string[] = [];
  #running = 0;
  /** Its requests wait, so that others have their turn. */
  #resting = false;
  /** It was told so: nothing more is done for it. */
  #ended = false;

  constructor(wire: Wire, identity: Identity, dispatch: Dispatch, onBug: (error: unknown) => void) {
    this.#wire = wire;
    this.identity = identity;
    this.#dispatch = dispatch;
    this.#onBug = onBug;
    wire.frameBytesMax = helloBytesMax;
    wire.open({
      onFrames: (frames) => this.#read(frames),
      onBroken: (error) => this.fail(error),
      onDrain: () => this.#onDrain(),
      onClose: () => this.#closed(),
    });
  }

  /** For a link: from here on the stream is the caller's, and this client is gone. */
  handOver(): Duplex {
    this.#ended = true;
    const stream = this.#wire.release();
    this.#closed();
    return stream;
  }

  get framing(): Wire["framing"] {
    return this.#wire.framing;
  }

  get closed(): boolean {
    return this.#ended || this.#wire.closed;
  }

  get backlogBytes(): number {
    return this.#wire.backlogBytes;
  }

  write(bytes: Buffer): void {
    if (!this.#ended) this.#wire.write(bytes);
  }

  whenDrained(callback: () => void): void {
    if (this.closed) return;
    if (this.#wire.needsDrain) this.#drained.push(callback);
    else setImmediate(callback);
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    if (!(error instanceof HacsError)) this.#onBug(error);
    this.#send(encodeFailure(null, toRpcError(error)));
    this.#ended = true;
    this.#part();
    this.#wire.end(error instanceof HacsError ? error : undefined);
  }

  #send(frame: string): void {
    if (!this.#ended) this.#wire.send(frame);
  }

  #read(frames: string[]): void {
    if (this.#ended) return;
    this.#frames.push(...frames);
    if (!this.#resting) this.#work();
  }

  /** One chunk may hold hundreds of requests: those that are too many wait here, unread ones outside. */
  #work(): void {
    const until = performance.now() + sliceMs;
    while (!this.#crowded && performance.now() < until) {
      const frame = this.#frames.shift();
      if (frame === undefined) break;
      this.#handle(frame);
    }
    this.#resting = this.#frames.length > 0 && !this.#crowded;
    if (this.#resting) setImmediate(() => this.#work());
    if (this.#crowded || this.#resting) this.#wire.pause();
    else this.#wire.resume();
  }

  get #crowded(): boolean {
    return this.#running > requestsMax || this.backlogBytes > answerBytesMax;
  }

  #handle(frame: string): void {
    let message: ReturnType<typeof decode>;
    try {
      refuseIntricate(frame);
      message = decode(frame);
    } catch (error) {
      return this.#send(encodeFailure(null, toRpcError(error)));
    }
    // Clients answer nothing, and have nothing to notify of.
    if (message.kind === "request") this.#serve(message.id, message.method, message.params);
  }

  #serve(id: RequestId, method: string, params: JsonObject): void {
    try {
      const result = this.#dispatch(this, method, params);
      // What is known at once is written at once, so that it counts before the next is begun.
      if (!(result instanceof Promise)) return this.#send(encodeResult(id, result));
      this.#running++;
      void result
        .then(
          (value) => this.#send(encodeResult(id, value)),
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
    this.#send(encodeFailure(id, toRpcError(error)));
  }

  #onDrain(): void {
    this.#work();
    for (const callback of this.#drained.splice(0)) callback();
  }

  #closed(): void {
    this.#part();
    this.onClose();
  }

  /** What it asked for and was not begun is not done. */
  #part(): void {
    this.#drained.length = 0;
    this.#frames.length = 0;
    for (const { end } of this.attachments.values()) end();
    this.attachments.clear();
  }
}
