/** Newline-delimited JSON on a stream: the unix socket's wire. */
import type { Duplex } from "node:stream";
import { HacsError } from "../protocol/errors.ts";
import { LineSplitter } from "../protocol/framing.ts";
import { lines } from "./session/framing.ts";
import type { Wire, WireEvents } from "./wire.ts";

export class LineWire implements Wire {
  readonly framing = lines;
  readonly #socket: Duplex;
  readonly #splitter = new LineSplitter();
  #leave: () => void = () => {};

  constructor(socket: Duplex) {
    this.#socket = socket;
    // A client that is gone is not an error of ours; its close follows.
    socket.on("error", () => {});
  }

  get backlogBytes(): number {
    return this.#socket.writableLength;
  }

  get needsDrain(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  get frameBytesMax(): number {
    return this.#splitter.bytesMax;
  }

  set frameBytesMax(bytesMax: number) {
    this.#splitter.bytesMax = bytesMax;
  }

  open({ onFrames, onBroken, onDrain, onClose }: WireEvents): void {
    const onData = (chunk: Buffer) => {
      try {
        onFrames(this.#splitter.push(chunk));
      } catch (error) {
        if (!(error instanceof HacsError)) throw error;
        // Where a frame ends is not known any more, so nothing after it can be trusted.
        onBroken(error);
      }
    };
    this.#socket.on("data", onData);
    this.#socket.on("drain", onDrain);
    this.#socket.on("close", onClose);
    this.#leave = () => {
      this.#socket.off("data", onData);
      this.#socket.off("drain", onDrain);
      this.#socket.off("close", onClose);
    };
  }

  send(frame: string): void {
    if (!this.closed) this.#socket.write(`${frame}\n`);
  }

  write(bytes: Buffer): void {
    if (bytes.length > 0 && !this.closed) this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  release(): Duplex {
    this.#socket.pause();
    this.#leave();
    return this.#socket;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
