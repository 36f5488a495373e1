import { HacsError } from "./errors.ts";

/** The longest frame either side accepts, in bytes; above it the connection is closed. */
export const frameBytesMax = 64 * 1024 * 1024;

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
    return this.cut(chunk).map((line) => line.toString("utf8"));
  }

  /** The same in bytes, for who passes them on. */
  cut(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
      this.#bytes += piece.length;
      if (this.#bytes > this.bytesMax) {
        throw new HacsError(
          "frame-too-large",
          `A frame is at most ${this.bytesMax} bytes; this one is longer.`,
        );
      }
      if (end === -1) {
        if (piece.length > 0) this.#parts.push(piece);
        return lines;
      }
      const line = this.#parts.length === 0 ? piece : Buffer.concat([...this.#parts, piece]);
      if (line.length > 0) lines.push(line);
      this.#parts = [];
      this.#bytes = 0;
      start = end + 1;
    }
  }
}
