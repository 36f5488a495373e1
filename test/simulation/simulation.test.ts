/**
 * Whole lives of the daemon against a clock, a disk, connections and a codex that fail by a seed;
 * `schedule.ts` is what happens, `promises.ts` what must hold. A failure names its seed:
 *
 *     HACS_SEED=1234 sh scripts/test.sh test/simulation
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { runProgram } from "../support/program.ts";
import type { Broken, Sums } from "./run.ts";

const seed = process.env.HACS_SEED;
const timeout = 600_000;

async function simulate(...args: (string | number)[]): Promise<Sums> {
  const program = join(root, "test/simulation/run.ts");
  const { stdout, stderr } = await runProgram(process.execPath, [program, ...args.map(String)], {
    env: { PATH: process.env.PATH ?? "" },
    timeoutMs: timeout,
  });
  const lines = stdout.trim().split("\n");
  const last = lines.pop() ?? "";
  for (const line of lines) throw new Error(told(JSON.parse(line)));
  expect(last, stderr).toContain("sums");
  return JSON.parse(last).sums;
}

function told({ seed: its, broken, trace }: Broken): string {
  const again = `HACS_SEED=${its} sh scripts/test.sh test/simulation`;
  return `${broken.join("\n")}\n\nAgain with: ${again}\n\n${trace.join("\n")}`;
}

test.runIf(seed !== undefined)("the schedule of HACS_SEED", { timeout }, async () => {
  await simulate("one", seed ?? "");
});

describe.skipIf(seed !== undefined)("every promise holds", () => {
  test("through 1,400 schedules of faults", { timeout }, async () => {
    const each = await Promise.all([1, 100_001].map((from) => simulate("random", from, 700)));
    for (const sums of each) {
      expect(sums).toMatchObject({ schedules: 700, broken: 0 });
      // They are worth something: the daemon died in the middle, and there was much to lose.
      expect(sums.crashes).toBeGreaterThan(500);
      expect(sums.messages).toBeGreaterThan(3_000);
      expect(sums.approvals).toBeGreaterThan(700);
      expect(sums.lost).toBeGreaterThan(100);
    }
  });

  test("wherever the daemon is killed, before and after every fifth statement of a schedule", {
    timeout,
  }, async () => {
    for (const sums of await Promise.all([7, 8].map((its) => simulate("crash", its, 0, 5)))) {
      expect(sums.broken).toBe(0);
      expect(sums.crashes).toBeGreaterThan(100);
      expect(sums.crashes).toBe(sums.schedules - 1);
    }
  });
});
