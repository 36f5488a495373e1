import { HacsError } from "./errors.ts";

/** The longest frame either side accepts, in bytes; above it the connection is closed. */
export const frameBytesMax = 64 * 1024 * 1024;

const lineBreak = 0x0a;

/**
 * Cuts a byte stream into newline-delimited frames. Pure: bytes in, whole lines out, and the
 * rest is kept for the next call. A frame that grows past the bound throws before it is held.
 */
export class LineSplitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** May be raised as a connection earns more trust. */
  bytesMax: number;

  constructor(bytesMax: number = frameBytesMax) {
    this.bytesMax = bytesMax;
  }

  push(chunk: Buffer): string[] {
    const first = chunk.indexOf(lineBreak);
    if (first === -1) {
      this.#hold(chunk);
      return [];
    }
    const last = chunk.lastIndexOf(lineBreak);
    this.#hold(chunk.subarray(0, first));
    const begun = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    const lines = [begun?.toString("utf8") ?? ""];
    this.#parts = [];
    this.#bytes = 0;
    if (last > first) lines.push(...this.#whole(chunk, first + 1, last));
    this.#hold(chunk.subarray(last + 1));
    return lines.filter((line) => line !== "");
  }

  /** The lines of a part that ends with one. To read all of it as one text is cheaper by far. */
  #whole(chunk: Buffer, start: number, end: number): string[] {
    if (end - start > this.bytesMax) {
      for (let from = start; from < end; ) {
        const to = chunk.indexOf(lineBreak, from);
        this.#check(to - from);
        from = to + 1;
      }
    }
    return chunk.toString("utf8", start, end).split("\n");
  }

  #hold(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#check(this.#bytes);
    if (piece.length > 0) this.#parts.push(piece);
  }

  #check(bytes: number): void {
    if (bytes <= this.bytesMax) return;
    throw new HacsError(
      "frame-too-large",
      `A frame is at most ${this.bytesMax} bytes; this one is longer.`,
    );
  }
}
