/** When an agent counts as stalled, and what makes none of it: with a clock that the test turns. */
import { spawn } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StallWatch } from "../../../src/daemon/agent/stall-watch.ts";
import { identify, isStopped, type ProcessIdentity } from "../../../src/system/process-identity.ts";

let told: string[];
let expected: boolean;
let identity: ProcessIdentity | undefined;
/** Answers what was asked. */
let answer: () => void;
let asked: number;
let watch: StallWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance", "Date"] });
  told = [];
  expected = true;
  identity = undefined;
  asked = 0;
  watch = new StallWatch(
    {
      identity: () => identity,
      expected: () => expected,
      ask: () => {
        asked++;
        return new Promise<void>((resolve) => {
          answer = resolve;
        });
      },
      onStall: (reason) => told.push(reason),
      onAnswer: () => told.push("answers"),
    },
    30_000,
  );
});
afterEach(() => {
  watch.end();
  vi.useRealTimers();
});

/** Seconds go by, and promises are settled in each of them. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) await vi.advanceTimersByTimeAsync(1_000);
}

test("one that answers is asked now and again, and no stalled one", async () => {
  watch.consider();
  for (let round = 0; round < 20; round++) {
    await pass(6);
    answer();
  }
  expect(told).toEqual([]);
  expect(asked).toBeGreaterThan(8);
});

test("one that says nothing for so long has stalled, since then; a word of any kind ends that", async () => {
  watch.consider();
  await pass(34);
  expect(told).toEqual([]);
  await pass(8);
  expect(told).toEqual(["it did not answer within 30 s"]);
  expect(Date.now() - Date.parse(watch.since!)).toBeGreaterThanOrEqual(30_000);
  watch.heard();
  expect([told.at(-1), watch.since]).toEqual(["answers", undefined]);
});

test("what is heard of it counts as an answer, however long it takes for what was asked", async () => {
  watch.consider();
  for (let round = 0; round < 10; round++) {
    await pass(20);
    watch.heard();
  }
  expect([told, asked]).toEqual([[], 1]);
});

test("while nothing is expected of it, it is not asked", async () => {
  expected = false;
  watch.consider();
  await pass(600);
  expect(asked).toBe(0);
  expected = true;
  watch.consider();
  await pass(6);
  expect(asked).toBe(1);
  answer();
  expected = false;
  await pass(60);
  expect([asked, told, vi.getTimerCount()]).toEqual([1, [], 0]);
});

test("a suspended machine, a stopped daemon and a clock that was set make no stalled agent", async () => {
  watch.consider();
  await pass(10);
  // Hours go by in one step, and only then the tick comes.
  const sleepMs = 8 * 3_600_000;
  const now = performance.now.bind(performance);
  let slept = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now() + slept);
  slept = sleepMs;
  vi.setSystemTime(Date.now() + sleepMs);
  await pass(6);
  expect(told).toEqual([]);
  answer();
  await pass(6);
  expect(told).toEqual([]);
});

test("one that a signal stopped is not given the time", async () => {
  const process = spawn("sleep", ["600"], { stdio: "ignore" });
  try {
    identity = identify(process.pid!);
    process.kill("SIGSTOP");
    while (!isStopped(identity!)) await new Promise((resolve) => setImmediate(resolve));
    watch.consider();
    await pass(21);
    expect(told).toEqual(["its process was stopped by a signal"]);
  } finally {
    process.kill("SIGKILL");
  }
});

test("an agent that is gone is no stalled one, and the next begins anew", async () => {
  watch.consider();
  await pass(45);
  expect(told).toHaveLength(1);
  watch.end();
  expect(watch.since).toBeUndefined();
  watch.consider();
  await pass(6);
  answer();
  await pass(1);
  expect(told).toHaveLength(1);
});
