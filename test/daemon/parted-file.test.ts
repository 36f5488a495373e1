/** A log in parts, its writer killed at any moment, and who reads it meanwhile. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogReader } from "../../src/cli/log-reader.ts";
import { PartedFile } from "../../src/daemon/parted-file.ts";
import { partsOf } from "../../src/system/log-files.ts";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-log-"));
  file = join(dir, "daemon.log");
});
afterEach(() => rmSync(dir, { recursive: true }));

const line = (number: number) => `${JSON.stringify({ number, more: "x".repeat(60) })}\n`;
const numbersIn = (lines: string[]) => lines.map((text) => JSON.parse(text).number as number);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("parts are bounded, in number too, and hold the last lines whole", () => {
  const log = new PartedFile(file, { bytesMax: 1000, count: 3 });
  for (let i = 0; i < 200; i++) log.write(line(i));
  const parts = partsOf(file);
  expect(parts.map((part) => part.file)).toEqual([file, `${file}.1`, `${file}.2`]);
  expect(Math.max(...parts.map(({ size }) => size))).toBeLessThanOrEqual(1000);
  const numbers = numbersIn(new LogReader(file).last(1000));
  expect(numbers).toEqual(range(numbers[0]!, 200));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("one part alone begins anew", () => {
  const log = new PartedFile(file, { bytesMax: 300, count: 1 });
  for (let i = 0; i < 20; i++) log.write(line(i));
  expect(partsOf(file)).toHaveLength(1);
  expect(numbersIn(new LogReader(file).last(1000)).at(-1)).toBe(19);
});

test("a line that is longer than a part has one to itself", () => {
  const log = new PartedFile(file, { bytesMax: 100, count: 3 });
  const long = `"${"x".repeat(500)}"\n`;
  for (const text of ["1\n", long, "2\n"]) log.write(text);
  expect(new LogReader(file).last(10)).toEqual(["1", long.trim(), "2"]);
});

test("fewer parts than before: the rest is gone with the next", () => {
  for (let i = 1; i <= 9; i++) writeFileSync(`${file}.${i}`, `${i}\n`);
  const log = new PartedFile(file, { bytesMax: 100, count: 2 });
  for (let i = 0; i < 5; i++) log.write(line(i));
  expect(partsOf(file).map((part) => part.file)).toEqual([file, `${file}.1`]);
});

test("the last lines are found in whatever part they are", () => {
  const log = new PartedFile(file, { bytesMax: 400, count: 10 });
  for (let i = 0; i < 30; i++) log.write(line(i));
  expect(numbersIn(new LogReader(file).last(17))).toEqual(range(13, 30));
  expect(new LogReader(file).last(0)).toEqual([]);
  expect(new LogReader(join(dir, "none")).last(5)).toEqual([]);
});

test("who follows gets every line once, over any number of parts", () => {
  const log = new PartedFile(file, { bytesMax: 500, count: 20 });
  for (let i = 0; i < 10; i++) log.write(line(i));
  const reader = new LogReader(file);
  const numbers = numbersIn(reader.last(4));
  let next = 10;
  for (const burst of [1, 0, 3, 40, 1, 25, 0]) {
    for (let i = 0; i < burst; i++) log.write(line(next++));
    numbers.push(...numbersIn(reader.more()));
  }
  expect(numbers).toEqual(range(6, next));
});

test("half a line is not told before its end is there", () => {
  writeFileSync(file, "one\ntw");
  const reader = new LogReader(file);
  expect(reader.last(5)).toEqual(["one"]);
  writeFileSync(file, "o\nthree", { flag: "a" });
  expect(reader.more()).toEqual(["two"]);
});

test("a log that somebody took away is begun anew", async () => {
  const log = new PartedFile(file, { bytesMax: 1000, count: 3 });
  log.write("1\n");
  renameSync(file, join(dir, "elsewhere"));
  await eventually(
    () => {
      log.write("2\n");
      return existsSync(file);
    },
    { what: "it is there again" },
  );
});

test("what can't be written is counted, and said once it can", () => {
  const log = new PartedFile(file, { bytesMax: 10, count: 2 });
  log.write("1\n");
  rmSync(dir, { recursive: true });
  // The directory is gone: the log can neither be parted nor made.
  for (const text of ["2222222222\n", "3333333333\n"]) log.write(text);
  mkdirSync(dir);
  log.write("4444444444\n");
  const lines = new LogReader(file).last(10);
  expect(lines[0]).toContain("2 lines of this log could not be written");
  expect(lines[1]).toBe("4444444444");
});

/** Writes lines until its file may not grow any more, and goes on once it may. */
const filler = `
  import { execFileSync } from "node:child_process";
  import { PartedFile } from ${JSON.stringify(join(root, "src/daemon/parted-file.ts"))};
  process.on("SIGXFSZ", () => {});
  const [file] = process.argv.slice(-1);
  const log = new PartedFile(file, { bytesMax: 10_000, count: 2 });
  const limit = (bytes) =>
    execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=" + bytes + ":"]);
  log.write("1111111111\\n");
  limit(25);
  for (const text of ["2222222222\\n", "3333333333\\n", "4444444444\\n"]) log.write(text);
  limit("unlimited");
  log.write("5555555555\\n");`;

test("a disk that is full takes whole lines or none", () => {
  const nodeArgs = ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e"];
  execFileSync(process.execPath, [...nodeArgs, filler, file], { stdio: "inherit" });
  expect(new LogReader(file).last(10)).toEqual([
    "1111111111",
    "2222222222",
    expect.stringMatching(/^\{.*"2 lines of this log could not be written"\}$/),
    "5555555555",
  ]);
});

/** A program that writes numbered lines until it is killed, from the number after the last one. */
const writer = `
  import { PartedFile } from ${JSON.stringify(join(root, "src/daemon/parted-file.ts"))};
  import { LogReader } from ${JSON.stringify(join(root, "src/cli/log-reader.ts"))};
  const [file] = process.argv.slice(-1);
  const [last] = new LogReader(file).last(1);
  let number = last === undefined ? 0 : JSON.parse(last).number + 1;
  const log = new PartedFile(file, { bytesMax: 2000, count: 100 });
  const begin = number;
  const some = () => {
    for (let i = 0; i < 20; i++) log.write(JSON.stringify({ number: number++ }) + "\\n");
    if (number - begin === 200) console.log(number);
    if (number - begin < 2000) setImmediate(some);
    else setInterval(() => {}, 1000);
  };
  some();`;

test("a writer that is killed again and again loses nothing, and its reader misses nothing", async () => {
  const reader = new LogReader(file);
  const numbers = numbersIn(reader.last(0));
  for (let round = 0; round < 10; round++) {
    const child: ChildProcess = spawn(
      process.execPath,
      ["--input-type=module", "--disable-warning=ExperimentalWarning", "-e", writer, file],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    numbers.push(...numbersIn(reader.more()));
    child.kill("SIGKILL");
    await ended;
    // A look that met a part on the move has ended before; now nothing moves.
    for (let more = reader.more(); more.length > 0; more = reader.more())
      numbers.push(...numbersIn(more));
  }
  expect(numbers.length).toBeGreaterThan(1000);
  expect(numbers).toEqual(range(0, numbers.length));
});
