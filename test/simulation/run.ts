/**
 * Runs schedules, a process of its own since it takes over the clock:
 *
 *     node run.ts random FROM COUNT [SECONDS]   schedules of the seeds from FROM on
 *     node run.ts crash SEED PART OF            one schedule, the daemon killed at each statement
 *
 * Prints a line of JSON for each that broke a promise, and one with the sums at the end.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dead } from "./disk.ts";
import { type Outcome, runSchedule } from "./schedule.ts";

const [kind = "", ...numbers] = process.argv.slice(2);
const [first = 0, second = 1, third] = numbers.map(Number);
// Nothing here is to outlive a power cut.
const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "hs-sim-"));
const stray: string[] = [];
// The dead do not mind what becomes of their promises.
process.on("unhandledRejection", (error) => {
  if (!(error instanceof Dead)) stray.push(error instanceof Error ? `${error.stack}` : `${error}`);
});
process.on("uncaughtException", (error) => {
  if (!(error instanceof Dead)) stray.push(`uncaught: ${error.stack}`);
});

const sums = { schedules: 0, crashes: 0, statements: 0, messages: 0, approvals: 0, broken: 0 };
const begun = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - begun) / 1e9;

function add(outcome: Outcome): void {
  sums.schedules++;
  for (const key of ["crashes", "statements", "messages", "approvals"] as const)
    sums[key] += outcome[key];
  const broken = [...outcome.broken, ...stray.splice(0)];
  if (broken.length === 0) return;
  sums.broken++;
  const { seed, trace } = outcome;
  process.stdout.write(`${JSON.stringify({ seed, broken, trace })}\n`);
}

if (kind === "random") {
  for (let i = 0; i < second && seconds() < (third ?? Number.POSITIVE_INFINITY); i++)
    add(await runSchedule({ seed: first + i, dir }));
} else {
  // It may grow longer where the daemon died, so the last statements are those of the calm one.
  const calm = await runSchedule({ seed: first, dir, crashAt: { statement: 1e9, after: false } });
  add(calm);
  for (let statement = 1 + second; statement <= calm.statements; statement += third ?? 1)
    for (const after of [false, true])
      add(await runSchedule({ seed: first, dir, crashAt: { statement, after } }));
}
rmSync(dir, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ sums })}\n`);
process.exit(0);
