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
