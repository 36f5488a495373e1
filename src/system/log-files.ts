/**
 * A log in parts: `daemon.log` is written to, `daemon.log.1` is what came before it, and so on. The
 * writer parts it by renaming, the oldest first, so a part is the same file, by its inode, under
 * whatever name; a process that dies in between leaves a gap in the names and loses nothing.
 */
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";

/** More parts than anybody may configure are not looked for. */
export const partsMax = 100;

export interface LogPart {
  file: string;
  inode: number;
  size: number;
}

export function partName(file: string, number: number): string {
  return number === 0 ? file : `${file}.${number}`;
}

/** The parts that are there, newest first; the first may be missing while the log is parted. */
export function partsOf(file: string): LogPart[] {
  const parts: LogPart[] = [];
  for (let number = 0; number <= partsMax; number++) {
    const part = partAt(partName(file, number));
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

export function partAt(file: string): LogPart | undefined {
  try {
    const { ino: inode, size } = statSync(file);
    return { file, inode, size };
  } catch {
    return undefined;
  }
}

/** Makes room for a new part; what would be more than `count` of them is gone. */
export function shiftParts(file: string, count: number, first = 0): void {
  for (const number of numbersOf(file).filter((one) => one >= first)) {
    const from = partName(file, number);
    // There may be more of them than now: the config has changed.
    if (number >= count - 1) rmSync(from, { force: true });
    else renameSync(from, partName(file, number + 1));
  }
}

/** Of the parts that are there, the oldest first: a look at the directory, and none for each name. */
function numbersOf(file: string): number[] {
  const start = basename(file);
  const names = readdirSync(dirname(file)).filter((name) => name.startsWith(start));
  const numbers = names.map((name) => (name === start ? 0 : Number(name.slice(start.length + 1))));
  return numbers
    .filter((number) => number <= partsMax && names.includes(partName(start, number)))
    .sort((one, other) => other - one);
}
