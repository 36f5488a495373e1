/** An agent's log is codex's to write, and bounded all the same. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentLog } from "../../../src/daemon/agent/agent-log.ts";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import { partsOf } from "../../../src/system/log-files.ts";
import { eventually } from "../../support/eventually.ts";

const bytesMax = 1000;
const secret = `gh${"p_"}aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0123456`;
let dir: string;
let file: string;
/** As codex has it: opened once, and written to its end. */
let fd: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-agent-"));
  file = join(dir, "agent.log");
  fd = openSync(file, "a", 0o600);
});
afterEach(() => {
  closeSync(fd);
  rmSync(dir, { recursive: true });
});

const whole = () =>
  partsOf(file)
    .reverse()
    .map((part) => readFileSync(part.file, "utf8"))
    .join("");

test("one that grows too large is parted, and codex writes on", () => {
  const log = new AgentLog(file, new Redactor(), bytesMax);
  for (let i = 0; i < 30; i++) {
    writeSync(fd, `line ${i} with ${secret}\n`);
    log.scrub();
  }
  expect(partsOf(file).map((part) => part.file)).toEqual([file, `${file}.1`]);
  expect(statSync(file).size).toBeLessThan(bytesMax);
  const lines = whole().trim().split("\n");
  expect(lines.map((line) => /^line (\d+) with ghp_\[redacted/.exec(line)?.[1])).toEqual(
    Array.from({ length: 30 }, (_, i) => String(i)),
  );
});

test("it is not parted in the middle of a line, which may hold half a secret", () => {
  const log = new AgentLog(file, new Redactor(), bytesMax);
  writeSync(fd, `${"x".repeat(bytesMax)} ${secret.slice(0, 20)}`);
  log.scrub();
  expect(partsOf(file)).toHaveLength(1);
  writeSync(fd, `${secret.slice(20)}\n`);
  log.scrub();
  expect(partsOf(file)).toHaveLength(2);
  expect(whole()).not.toContain(secret.slice(-20));
});

test("there are three parts at most", () => {
  const log = new AgentLog(file, new Redactor(), bytesMax);
  for (let i = 0; i < 10; i++) {
    writeSync(fd, `${String(i).repeat(bytesMax + 1)}\n`);
    log.scrub();
  }
  expect(partsOf(file).map((part) => readFileSync(part.file, "utf8")[0])).toEqual([
    undefined,
    "9",
    "8",
  ]);
});

test("what an agent said stays when the next one begins, without its secrets", () => {
  writeSync(fd, `its last words: ${secret}\n`);
  new AgentLog(file, new Redactor(), bytesMax).begin();
  expect(readFileSync(`${file}.1`, "utf8")).toMatch(/^its last words: ghp_\[redacted/);
  expect(statSync(file).size).toBe(0);
});

test("of what comes faster than it is looked through the end is kept, without secrets", () => {
  const log = new AgentLog(file, new Redactor(), bytesMax);
  for (let i = 0; i < 100; i++) writeSync(fd, `line ${i} with ${secret}\n`);
  log.scrub();
  const lines = readFileSync(`${file}.1`, "utf8").trim().split("\n");
  expect(lines[0]).toMatch(/^\(more came at once/);
  expect(lines.slice(1).every((line) => /^line \d+ with ghp_\[redacted/.test(line))).toBe(true);
  expect(lines.at(-1)).toMatch(/^line 99 /);
  expect(lines.length).toBeGreaterThan(5);
  expect(statSync(file).size).toBe(0);
  // A line without an end may begin with half a secret.
  writeSync(fd, "x".repeat(3 * bytesMax));
  log.scrub();
  expect(readFileSync(`${file}.1`, "utf8")).toMatch(/^\(more came at once.*\)\n$/);
  writeSync(fd, "and on\n");
  expect(readFileSync(file, "utf8")).toBe("and on\n");
});

test("a large piece is looked through in slices, all of it", async () => {
  const log = new AgentLog(file, new Redactor());
  log.watch();
  writeSync(fd, `${"x".repeat(2_500_000)}\n${secret}\n`);
  const masked = () => !readFileSync(file, "utf8").includes(secret);
  await eventually(masked, { what: "the secret at its end is gone" });
  log.close();
});
