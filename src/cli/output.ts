/**
 * Writes to stdout and stderr at once and in full. The streams of `process` would do, but to make
 * one takes longer than all that a short command has to do with it.
 */
import { writeSync } from "node:fs";

export const stdout = 1;
export const stderr = 2;

/** How long to leave a full pipe alone, where another process made it non-blocking. */
const fullPipeMs = 2;

/** A reader of stdout that has seen enough (`| head`) ends the command, and that is no failure. */
export function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN")
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPipeMs);
      else if (fd === stdout) process.exit(code === "EPIPE" ? 0 : 1);
      else return;
    }
  }
}

/** What a terminal would obey, or an eye would miss, and JSON leaves as it is. */
const UNSAFE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON on one line that does nothing to a terminal; the value that is read from it is the same. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
