import { expect, test } from "vitest";
import { RestartPolicy } from "../../../src/daemon/agent/restart-policy.ts";

/** The delays after crashes at these times, in seconds. */
const delays = (policy: RestartPolicy, ...times: number[]) =>
  times.map((seconds) => policy.delayAfterCrash(seconds * 1000) / 1000);

test("five restarts in 30 s are free, then it waits 10 s, doubling to 300 s", () => {
  const policy = new RestartPolicy(() => 0);
  expect(delays(policy, 0, 1, 2, 3, 4)).toEqual([0, 0, 0, 0, 0]);
  expect(delays(policy, 5, 15, 35, 75, 155, 315, 615)).toEqual([10, 20, 40, 80, 160, 300, 300]);
});

test("crashes that are far apart stay free", () => {
  const policy = new RestartPolicy(() => 0);
  const seldom = Array.from({ length: 50 }, (_, i) => i * 31);
  expect(new Set(delays(policy, ...seldom))).toEqual(new Set([0]));
  expect(delays(new RestartPolicy(() => 0), 0, 10, 20, 30, 40, 50, 60)).toEqual([
    0, 0, 0, 0, 0, 0, 0,
  ]);
});

test("the jitter is up to a fifth more, never less", () => {
  for (const [random, expected] of [
    [0, 10],
    [0.5, 11],
    [1, 12],
  ] as const) {
    const policy = new RestartPolicy(() => random);
    delays(policy, 0, 0, 0, 0, 0);
    expect(delays(policy, 0)).toEqual([expected]);
  }
});

test("once it was started by hand, or did its work, it begins anew", () => {
  const policy = new RestartPolicy(() => 0);
  delays(policy, 0, 0, 0, 0, 0, 0, 0);
  policy.reset();
  expect(delays(policy, 1, 1, 1, 1, 1, 1)).toEqual([0, 0, 0, 0, 0, 10]);
});
