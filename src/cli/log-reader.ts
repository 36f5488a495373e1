/**
 * Reads the daemon's log with its parts, whether a daemon runs or not: the last lines, then what
 * comes. A part that is moved aside while it is read is read to its end, and then the next one, so
 * no line is left out and none comes twice.
 */
import { closeSync, fstatSync, openSync, readSync, watch } from "node:fs";
import { dirname } from "node:path";
import { type LogPart, partsOf } from "../system/log-files.ts";

const chunkBytes = 64 * 1024;
/** So many parts at once: a writer that is faster than its reader is not to hold it for ever. */
const partsAtOnce = 20;
/** Where changes can't be watched, and for what a watcher leaves out. */
const pollMs = 500;
const newline = 10;

export class LogReader {
  readonly #file: string;
  #fd: number | undefined;
  #inode = 0;
  #offset = 0;
  /** The beginning of a line whose end was not there yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: string) {
    this.#file = file;
  }

  /** The last lines of all parts, oldest first; what comes later begins right after them. */
  last(count: number): string[] {
    let lines: string[] = [];
    for (const part of partsOf(this.#file)) {
      const wanted = count - lines.length;
      if (wanted <= 0 && this.#fd !== undefined) break;
      const fd = openPart(part);
      if (fd === undefined) continue;
      const { size, ino } = fstatSync(fd);
      const found = tailOf(fd, size, wanted);
      lines = [...found.lines, ...lines];
      if (this.#fd !== undefined) closeSync(fd);
      else {
        this.#fd = fd;
        this.#inode = ino;
        this.#offset = found.end;
      }
    }
    return lines;
  }

  /** What was written since. */
  more(): string[] {
    const lines: string[] = [];
    for (let parts = 0; parts < partsAtOnce; parts++) {
      if (this.#fd !== undefined) lines.push(...this.#readOn(this.#fd));
      const next = this.#next();
      if (next === undefined) return lines;
      const fd = openPart(next);
      if (fd === undefined) return lines;
      // Its name has gone to another part meanwhile: the next look will find it.
      if (fstatSync(fd).ino !== next.inode) {
        closeSync(fd);
        return lines;
      }
      // It grew between the last look and its being moved aside.
      if (this.#fd !== undefined) {
        lines.push(...this.#readOn(this.#fd));
        closeSync(this.#fd);
      }
      this.#fd = fd;
      this.#inode = fstatSync(fd).ino;
      this.#offset = 0;
      this.#rest = Buffer.alloc(0);
    }
    return lines;
  }

  /** Calls back whenever there may be more, until the signal. */
  async follow(onMore: () => void, signal: AbortSignal): Promise<void> {
    const name = this.#file.slice(dirname(this.#file).length + 1);
    let wake = () => {};
    const watcher = watchQuietly(dirname(this.#file), (changed) => {
      if (changed === null || changed.startsWith(name)) wake();
    });
    signal.addEventListener("abort", () => wake());
    while (!signal.aborted) {
      onMore();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    watcher?.close();
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** The part after the one that is read; undefined when that is the newest, or is being moved. */
  #next(): LogPart | undefined {
    const parts = partsOf(this.#file);
    // There was no log before.
    if (this.#fd === undefined) return parts.at(-1);
    const at = parts.findIndex(({ inode }) => inode === this.#inode);
    // It is gone: what followed it is the oldest that is left.
    if (at === -1) return parts.at(-1);
    return at === 0 ? undefined : parts[at - 1];
  }

  #readOn(fd: number): string[] {
    const lines: string[] = [];
    const buffer = Buffer.alloc(chunkBytes);
    // Somebody emptied it.
    if (fstatSync(fd).size < this.#offset) this.#offset = 0;
    for (;;) {
      const bytes = readSync(fd, buffer, 0, chunkBytes, this.#offset);
      if (bytes === 0) return lines;
      this.#offset += bytes;
      const whole = Buffer.concat([this.#rest, buffer.subarray(0, bytes)]);
      const end = whole.lastIndexOf(newline) + 1;
      if (end > 0) lines.push(...split(whole.toString("utf8", 0, end)));
      this.#rest = whole.subarray(end);
    }
  }
}

/** Up to `count` whole lines before the end, and where they end. */
function tailOf(fd: number, size: number, count: number): { lines: string[]; end: number } {
  let whole: Buffer = Buffer.alloc(0);
  let at = size;
  while (at > 0) {
    const length = Math.min(chunkBytes, at);
    const chunk = Buffer.alloc(length);
    at -= length;
    readSync(fd, chunk, 0, length, at);
    whole = Buffer.concat([chunk, whole]);
    if (countOf(whole) > count) break;
  }
  const end = whole.lastIndexOf(newline) + 1;
  const lines = split(whole.toString("utf8", 0, end));
  // The first may have its beginning further up.
  const found = at > 0 ? lines.slice(1) : lines;
  return { lines: count > 0 ? found.slice(-count) : [], end: at + end };
}

function countOf(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count++;
  return count;
}

function split(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

function openPart({ file }: LogPart): number | undefined {
  try {
    return openSync(file, "r");
  } catch {
    // It was moved meanwhile, and is met under its next name.
    return undefined;
  }
}

function watchQuietly(directory: string, onChange: (name: string | null) => void) {
  try {
    const watcher = watch(directory, (_, name) => onChange(name));
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
