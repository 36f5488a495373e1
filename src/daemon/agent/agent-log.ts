/**
 * An agent's log is written by codex itself, so that it goes on when the daemon dies. Secrets in
 * it are overwritten where they stand, as soon as the file is seen to grow: no byte moves, and
 * codex's next line lands where it would have.
 *
 * The file is codex's to write and can't be taken from under it, so one that grows too large is
 * copied to the part before it, and emptied: codex writes to its end, wherever that is. A daemon
 * that dies in between leaves both, and nothing is lost. One that is written faster than it can be
 * looked through loses what is in the middle: a flood is to hold up nobody, and fill no disk.
 */
import {
  closeSync,
  existsSync,
  type FSWatcher,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  watch,
  writeFileSync,
  writeSync,
} from "node:fs";
import { partName, shiftParts } from "../../system/log-files.ts";
import type { Redactor } from "../redaction/redactor.ts";

const settleMs = 50;
/** Between two slices; to look through one takes some milliseconds. */
const restMs = 10;
const sliceBytesMax = 128 * 1024;
/** Last words may come after the connection closed. */
const lastWordsMs = 1_000;
/** A secret may have been written in part when the file was last looked at. */
const overlapBytes = 16 * 1024;
const readBytesMax = 1024 * 1024;
/** What one part has, about, and how many there are with the one that is written. */
const partBytesMax = 4 * 1024 * 1024;
const partsKept = 3;
/** Of more parts than this that came at once, the end of the last one is kept. */
const partsAtOnce = 2;
const newline = 10;
const droppedLine = "(more came at once than is kept: what was here is gone)\n";

export class AgentLog {
  readonly #file: string;
  readonly #redactor: Redactor;
  readonly #partBytesMax: number;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Up to where it has been looked through. */
  #seen = 0;

  constructor(file: string, redactor: Redactor, bytesMax = partBytesMax) {
    this.#file = file;
    this.#partBytesMax = bytesMax;
    this.#redactor = redactor;
  }

  /** From the beginning of the file on, until `close`. */
  watch(): void {
    if (this.#watcher !== undefined) return;
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
      this.#look(sliceBytesMax);
    }, ms);
    this.#timer.unref();
  }

  scrub(): void {
    this.#look(Number.POSITIVE_INFINITY);
  }

  /** Looks through so many bytes, and through the rest a little later. */
  #look(bytes: number): void {
    let fd: number | undefined;
    try {
      fd = openSync(this.#file, "r+");
      const { size } = fstatSync(fd);
      if (size < this.#seen) this.#seen = 0;
      if (size - this.#seen > partsAtOnce * this.#partBytesMax) return this.#cut(fd, size);
      for (let left = bytes; left > 0 && this.#seen < size; left -= sliceBytesMax)
        this.#scrubPart(fd, size);
      if (this.#seen < size) return this.#soon(restMs);
      if (size > this.#partBytesMax) this.#part(fd, size);
    } catch {
      // Removed meanwhile, or not to be written: then codex could not write it either.
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Keeps the end of what came at once, without secrets, and lets go of the rest. */
  #cut(fd: number, size: number): void {
    const kept = Buffer.alloc(Math.min(this.#partBytesMax, sliceBytesMax));
    const bytes = readSync(fd, kept, 0, kept.length, size - kept.length);
    ftruncateSync(fd, 0);
    const end = kept.subarray(0, bytes);
    // The first line may have lost the half of a secret by which that is known.
    const whole = end.includes(newline) ? end.toString("latin1", end.indexOf(newline) + 1) : "";
    shiftParts(this.#file, partsKept, 1);
    writeFileSync(partName(this.#file, 1), droppedLine + this.#masked(whole), {
      encoding: "latin1",
      mode: 0o600,
    });
    this.#seen = 0;
  }

  #masked(text: string): string {
    let masked = "";
    let from = 0;
    for (const { secretStart, secretEnd, name } of this.#redactor.find(text)) {
      if (secretStart < from) continue;
      masked += text.slice(from, secretStart) + mask(name, secretEnd - secretStart);
      from = secretEnd;
    }
    return masked + text.slice(from);
  }

  /** What the agent before this one said stays, in a part of its own. */
  begin(): void {
    // Its last words may have come after it was looked at last.
    this.scrub();
    if (existsSync(this.#file)) shiftParts(this.#file, partsKept);
    this.#seen = 0;
    // It is there to be looked after before its writer is.
    closeSync(openSync(this.#file, "a", 0o600));
  }

  /** In the middle of a line it may hold half a secret, and is parted a little later. */
  #part(fd: number, size: number): void {
    const last = Buffer.alloc(1);
    readSync(fd, last, 0, 1, size - 1);
    if (last[0] !== newline && size < 2 * this.#partBytesMax) return;
    const copy = `${this.#file}.new`;
    const to = openSync(copy, "w", 0o600);
    try {
      let copied = copyBytes(fd, to, 0, size);
      shiftParts(this.#file, partsKept, 1);
      renameSync(copy, partName(this.#file, 1));
      // What came meanwhile, until nothing more did, or it is a flood that never ends.
      const most = size + this.#partBytesMax;
      for (let end = fstatSync(fd).size; copied < end && copied < most; end = fstatSync(fd).size)
        copied += copyBytes(fd, to, copied, end);
      ftruncateSync(fd, 0);
    } finally {
      closeSync(to);
    }
    this.#seen = 0;
  }

  #scrubPart(fd: number, size: number): void {
    const from = Math.max(0, this.#seen - overlapBytes);
    const buffer = Buffer.alloc(Math.min(size - from, sliceBytesMax));
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

/** Gives how many bytes that was. */
function copyBytes(from: number, to: number, start: number, end: number): number {
  const buffer = Buffer.alloc(Math.min(end - start, readBytesMax));
  let copied = 0;
  while (start + copied < end) {
    const bytes = readSync(from, buffer, 0, buffer.length, start + copied);
    if (bytes === 0) break;
    writeSync(to, buffer, 0, bytes);
    copied += bytes;
  }
  return copied;
}

/** As long as what it replaces. */
function mask(name: string, length: number): string {
  const whole = `[redacted: ${name}]`;
  return whole.length <= length ? whole.padEnd(length, "*") : "*".repeat(length);
}
