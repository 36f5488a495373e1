/**
 * An agent's log is written by codex itself, so that it goes on when the daemon dies. Secrets in
 * it are overwritten where they stand, as soon as the file is seen to grow: no byte moves, and
 * codex's next line lands where it would have.
 */
import {
  closeSync,
  type FSWatcher,
  fstatSync,
  openSync,
  readSync,
  watch,
  writeSync,
} from "node:fs";
import type { Redactor } from "../redaction/redactor.ts";

const settleMs = 50;
/** Last words may come after the connection closed. */
const lastWordsMs = 1_000;
/** A secret may have been written in part when the file was last looked at. */
const overlapBytes = 16 * 1024;
const readBytesMax = 1024 * 1024;

export class AgentLog {
  readonly #file: string;
  readonly #redactor: Redactor;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Up to where it has been looked through. */
  #seen = 0;

  constructor(file: string, redactor: Redactor) {
    this.#file = file;
    this.#redactor = redactor;
  }

  /** From the beginning of the file on, until `close`. */
  watch(): void {
    try {
      this.#watcher = watch(this.#file, { persistent: false }, () => this.#soon(settleMs));
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch {
      // The file is gone, or too many are watched; it is looked through at the end.
    }
    this.#soon(0);
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.scrub();
    this.#soon(lastWordsMs);
  }

  #soon(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.scrub();
    }, ms);
    this.#timer.unref();
  }

  scrub(): void {
    let fd: number | undefined;
    try {
      fd = openSync(this.#file, "r+");
      const { size } = fstatSync(fd);
      if (size < this.#seen) this.#seen = 0;
      while (this.#seen < size) this.#scrubPart(fd, size);
    } catch {
      // Removed meanwhile, or not to be written: then codex could not write it either.
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  #scrubPart(fd: number, size: number): void {
    const from = Math.max(0, this.#seen - overlapBytes);
    const buffer = Buffer.alloc(Math.min(size - from, readBytesMax));
    const bytes = readSync(fd, buffer, 0, buffer.length, from);
    // A character a byte, so that places in the text are places in the file.
    const text = buffer.toString("latin1", 0, bytes);
    for (const { secretStart, secretEnd, name } of this.#redactor.find(text)) {
      const length = secretEnd - secretStart;
      const marked = mask(name, length);
      if (text.slice(secretStart, secretEnd) !== marked)
        writeSync(fd, marked, from + secretStart, "latin1");
    }
    this.#seen = Math.max(this.#seen + 1, from + bytes);
  }
}

/** As long as what it replaces. */
function mask(name: string, length: number): string {
  const whole = `[redacted: ${name}]`;
  return whole.length <= length ? whole.padEnd(length, "*") : "*".repeat(length);
}
