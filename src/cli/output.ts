/**
 * Writes to stdout and stderr at once and in full. The streams of `process` would do, but to make
 * one takes longer than all that a short command has to do with it.
 */
import { writeSync } from "node:fs";
import { HacsError } from "../protocol/errors.ts";

export const stdout = 1;
export const stderr = 2;

/** How long to leave a full pipe alone, where another process made it non-blocking. */
const fullPipeMs = 2;

interface OutputOptions {
  /** There is no end to what is printed, or a far one; otherwise the exit code is the verdict. */
  streams: boolean;
  /** stdout takes nothing more, and that is not its reader's will. */
  onUnwritable: (error: HacsError) => never;
}

let options: OutputOptions = {
  streams: false,
  onUnwritable: (error) => {
    throw error;
  },
};
let readerGone = false;

export function setOutput(wanted: OutputOptions): void {
  options = wanted;
}

/**
 * A reader of stdout that has seen enough (`| head`) is no failure: it ends a command that streams,
 * and another goes on in silence to its exit code.
 */
export function write(fd: number, text: string): void {
  if (fd === stdout && readerGone) return;
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN")
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPipeMs);
      else if (fd !== stdout) return;
      else if (code !== "EPIPE") return options.onUnwritable(unwritable(code));
      else if (options.streams) process.exit(0);
      else {
        readerGone = true;
        return;
      }
    }
  }
}

function unwritable(code = ""): HacsError {
  return new HacsError(
    "output-unwritable",
    `What this command prints can't be written (${code}).`,
    code === "ENOSPC" ? "Make room there, or write it elsewhere." : "Write it elsewhere.",
  );
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
