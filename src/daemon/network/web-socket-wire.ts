/**
 * One JSON-RPC object a text frame on a WebSocket. Reading, and all that RFC 6455 asks of it, is the
 * library's; events are written to the socket as bytes that were framed once for all clients.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { WebSocketStream } from "../../client/websocket-stream.ts";
import { HacsError } from "../../protocol/errors.ts";
import { closeCodeOf } from "../close-codes.ts";
import { textFrames, toTextFrames } from "../session/framing.ts";
import type { Wire, WireEvents } from "../wire.ts";

const [unsupportedData, internalError] = [1003, 1011];
/** How long the other side may take to answer a close. */
const closeTimeoutMs = 500;

export class WebSocketWire implements Wire {
  readonly framing = textFrames;
  frameBytesMax = Number.POSITIVE_INFINITY;
  readonly #link: WebSocket;
  readonly #socket: Socket;
  /** What was known at the last look for life. */
  #bytesRead = 0;
  #bytesTaken = 0;
  #wasStuck = false;
  #leave: () => void = () => {};

  constructor(link: WebSocket, socket: Socket) {
    this.#link = link;
    this.#socket = socket;
    // A client that breaks the protocol is told by the library, and its close follows.
    link.on("error", () => {});
  }

  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  get needsDrain(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get closed(): boolean {
    return this.#link.readyState !== this.#link.OPEN;
  }

  open({ onFrames, onBroken, onDrain, onClose }: WireEvents): void {
    const onMessage = (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#link.close(unsupportedData, "text frames only");
      else if (data.length > this.frameBytesMax) onBroken(tooLarge(this.frameBytesMax));
      else onFrames([data.toString("utf8")]);
    };
    this.#link.on("message", onMessage);
    this.#socket.on("drain", onDrain);
    this.#link.on("close", onClose);
    this.#leave = () => {
      this.#link.off("message", onMessage);
      this.#socket.off("drain", onDrain);
      this.#link.off("close", onClose);
    };
  }

  release(): Duplex {
    this.#leave();
    return new WebSocketStream(this.#link);
  }

  whenClosed(callback: () => void): void {
    this.#link.on("close", callback);
  }

  send(frame: string): void {
    this.write(toTextFrames([frame]));
  }

  write(bytes: Buffer): void {
    if (bytes.length > 0 && !this.closed) this.#socket.write(bytes);
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    if (this.#link.isPaused) this.#link.resume();
  }

  end(why: HacsError | undefined): void {
    if (why === undefined) this.#link.close(internalError, "internal");
    else this.#link.close(closeCodeOf(why.code), why.code);
    setTimeout(() => this.destroy(), closeTimeoutMs).unref();
  }

  destroy(): void {
    this.#link.terminate();
  }

  ping(): void {
    if (!this.closed) this.#link.ping();
  }

  /**
   * Whether anything came since the last look, or the other side took of what waited for it. One
   * that we do not read can't show anything.
   */
  showedLife(): boolean {
    const { bytesRead, bytesWritten } = this.#socket;
    const bytesTaken = bytesWritten - this.backlogBytes;
    const alive =
      this.#link.isPaused ||
      bytesRead !== this.#bytesRead ||
      (this.#wasStuck && bytesTaken !== this.#bytesTaken);
    this.#bytesRead = bytesRead;
    this.#bytesTaken = bytesTaken;
    this.#wasStuck = this.backlogBytes > 0;
    return alive;
  }
}

function tooLarge(bytesMax: number): HacsError {
  return new HacsError(
    "frame-too-large",
    `A frame is at most ${bytesMax} bytes; this one is longer.`,
  );
}
