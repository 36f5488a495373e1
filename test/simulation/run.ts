/**
 * Runs schedules, a process of its own since it takes over the clock:
 *
 *     node run.ts random FROM COUNT [SECONDS]   schedules of the seeds from FROM on
 *     node run.ts crash SEED PART OF            one schedule, the daemon killed at each statement
 *     node run.ts one SEED                      the one that was printed; SEED may be `7@120+`
 *
 * Prints a line of JSON for each that broke a promise, and one with the sums at the end.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dead } from "./disk.ts";
import { type CrashPoint, type Outcome, runSchedule } from "./schedule.ts";

export interface Sums {
  schedules: number;
  /** Deaths of the daemon in the middle of something. */
  crashes: number;
  statements: number;
  messages: number;
  approvals: number;
  lost: number;
  broken: number;
}

export interface Broken {
  /** As `HACS_SEED` takes it. */
  seed: string;
  broken: string[];
  trace: string[];
}

const [kind = "", first = "0", second = "1", third = ""] = process.argv.slice(2);
// Nothing here is to outlive a real power cut.
const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "hs-sim-"));
const stray: string[] = [];
// The dead do not mind what becomes of their promises.
for (const event of ["unhandledRejection", "uncaughtException"])
  process.on(event, (error) => {
    if (!(error instanceof Dead))
      stray.push(`${event}: ${error instanceof Error ? error.stack : error}`);
  });

const sums: Sums = {
  schedules: 0,
  crashes: 0,
  statements: 0,
  messages: 0,
  approvals: 0,
  lost: 0,
  broken: 0,
};
const begun = process.hrtime.bigint();
const seconds = () => Number(process.hrtime.bigint() - begun) / 1e9;

async function run(seed: number, crashAt?: CrashPoint): Promise<Outcome> {
  const outcome = await runSchedule({ seed, dir, ...(crashAt && { crashAt }) });
  sums.schedules++;
  for (const key of ["crashes", "statements", "messages", "approvals", "lost"] as const)
    sums[key] += outcome[key];
  const broken = [...outcome.broken, ...stray.splice(0)];
  if (broken.length === 0) return outcome;
  sums.broken++;
  const place = crashAt && `@${crashAt.statement}${crashAt.after ? "+" : "-"}`;
  const line: Broken = { seed: `${seed}${place ?? ""}`, broken, trace: outcome.trace };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  return outcome;
}

async function crashEverywhere(seed: number, part: number, of: number): Promise<void> {
  // How many statements there are to die at, the one that dies at none of them says.
  const { statements } = await run(seed, { statement: 1e9, after: false });
  for (let statement = 1 + part; statement <= statements; statement += of)
    for (const after of [false, true]) await run(seed, { statement, after });
}

switch (kind) {
  case "random": {
    const limit = third === "" ? Number.POSITIVE_INFINITY : Number(third);
    for (let i = 0; i < Number(second) && seconds() < limit; i++) await run(Number(first) + i);
    break;
  }
  case "crash":
    await crashEverywhere(Number(first), Number(second), Number(third));
    break;
  default: {
    const [seed, statement, sign] = first.split(/@|(?=[+-])/);
    const crashAt = { statement: Number(statement), after: sign === "+" };
    await run(Number(seed), statement === undefined ? undefined : crashAt);
  }
}
rmSync(dir, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ sums })}\n`);
process.exit(0);
