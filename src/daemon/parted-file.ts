/**
 * A log in parts of a bounded size, `count` of them. Each line is written at once and whole, so the
 * last words before a crash are there; a disk that is full loses lines of the log, and says how
 * many once it is not, but never ends the daemon.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { partAt, shiftParts } from "../system/log-files.ts";

export interface PartedFileOptions {
  bytesMax: number;
  count: number;
}

/** How often it is looked whether somebody took the file away. */
const lookEveryMs = 1_000;

export class PartedFile {
  readonly #file: string;
  readonly #options: PartedFileOptions;
  #fd: number | undefined;
  #inode = 0;
  #bytes = 0;
  #lookedAt = 0;
  #lost = 0;

  constructor(file: string, options: PartedFileOptions) {
    this.#file = file;
    this.#options = options;
    this.#open();
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    try {
      this.#make(bytes.length);
      if (this.#lost > 0) this.#put(Buffer.from(lostLine(this.#lost)));
      this.#lost = 0;
      this.#put(bytes);
    } catch {
      this.#lost++;
    }
  }

  /** The place for a line of so many bytes. */
  #make(bytes: number): void {
    const nowMs = Date.now();
    if (nowMs - this.#lookedAt >= lookEveryMs) {
      this.#lookedAt = nowMs;
      if (partAt(this.#file)?.inode !== this.#inode) this.#close();
    }
    if (this.#bytes > 0 && this.#bytes + bytes > this.#options.bytesMax) {
      shiftParts(this.#file, this.#options.count);
      this.#close();
    }
    if (this.#fd === undefined) this.#open();
  }

  /** All of it or nothing: half a line would take the next one with it. */
  #put(bytes: Buffer): void {
    const fd = this.#fd as number;
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      this.#bytes += bytes.length;
    } catch (error) {
      ftruncateSync(fd, this.#bytes);
      throw error;
    }
  }

  #open(): void {
    this.#fd = openSync(this.#file, "a", 0o600);
    const { ino, size } = fstatSync(this.#fd);
    this.#inode = ino;
    this.#bytes = size;
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#bytes = 0;
  }
}

function lostLine(count: number): string {
  const time = new Date().toISOString();
  const msg = `${count} lines of this log could not be written`;
  return `${JSON.stringify({ level: 40, time, pid: process.pid, msg })}\n`;
}
