import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  holdersOf,
  identify,
  isAlive,
  signalGroup,
  signalProcess,
} from "../../src/system/process-identity.ts";
import { eventually } from "../support/eventually.ts";
import { isRunning, readProcess, whenGone } from "../support/processes.ts";

test("a living process has one identity, and it ends with the process", async () => {
  const sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  const identity = identify(sleeper.pid!)!;
  expect(identity).toEqual({
    pid: sleeper.pid,
    startTime: expect.stringMatching(/^\d+$/),
    bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(identify(sleeper.pid!)).toEqual(identity);
  expect(isAlive(identity)).toBe(true);
  expect(signalProcess(identity, "SIGKILL")).toBe(true);
  await whenGone(sleeper.pid!);
  expect(isAlive(identity)).toBe(false);
  expect(identify(sleeper.pid!)).toBeUndefined();
  expect(signalProcess(identity, "SIGKILL")).toBe(false);
});

test("a zombie is not alive", async () => {
  // The shell becomes a sleep that never asks how its child ended.
  const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 600"]);
  const line = await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve));
  const child = identify(Number(line))!;
  await eventually(() => !isAlive(child), { what: "the child is a zombie or gone" });
  parent.kill("SIGKILL");
});

test("the name of a program does not confuse", () => {
  // A comm with brackets and spaces shifts the fields for a careless reader.
  const script =
    "process.title='a) R 1 (b'; const fs=require('fs');" +
    "console.log(fs.readFileSync('/proc/self/stat','latin1')); setInterval(()=>{},1000)";
  const child = spawn(process.execPath, ["-e", script]);
  return new Promise<void>((resolve, reject) => {
    child.stdout.once("data", (stat: Buffer) => {
      try {
        expect(String(stat)).toContain("(a) R 1 (b)");
        expect(identify(child.pid!)?.startTime).toBe(
          String(stat).split(") ").at(-1)?.split(" ")[19],
        );
        resolve();
      } catch (error) {
        reject(error);
      } finally {
        child.kill("SIGKILL");
      }
    });
  });
});

test("another process with the same pid is not signalled", async () => {
  const sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  const identity = identify(sleeper.pid!)!;
  expect(signalGroup({ ...identity, startTime: "1" }, "SIGKILL")).toBe(false);
  expect(signalProcess({ ...identity, bootId: "other" }, "SIGKILL")).toBe(false);
  expect(isRunning(sleeper.pid!)).toBe(true);
  expect(signalProcess(identity, "SIGKILL")).toBe(true);
  await whenGone(sleeper.pid!);
});

test("a group is signalled as a whole", async () => {
  const leader = spawn("sh", ["-c", "sleep 600 & echo $!; wait"], { detached: true });
  const line = await new Promise<Buffer>((resolve) => leader.stdout.once("data", resolve));
  expect(signalGroup(identify(leader.pid!)!, "SIGKILL")).toBe(true);
  await whenGone(leader.pid!);
  await whenGone(Number(line));
});

test.each([0, 1, -1, 1.5, Number.NaN, 2 ** 40])("%d is nobody", (pid) => {
  expect(identify(pid)).toBeUndefined();
});

test("who has a file open can be told", () => {
  const dir = mkdtempSync("/tmp/hs-");
  const file = join(dir, "held");
  const open = openSync(file, "w");
  expect(holdersOf(file)).toContainEqual({
    pid: process.pid,
    command: readProcess(process.pid)?.argv.join(" ").trim(),
  });
  closeSync(open);
  expect(holdersOf(file)).toEqual([]);
  rmSync(dir, { recursive: true });
});
