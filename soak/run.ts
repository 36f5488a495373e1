/**
 * `npm run soak -- [--hours N] [--seed S] [--sessions N] [--pace MS]`: people at work on a real
 * daemon and a real codex while things go wrong, and the promises looked at all along. First the
 * simulation is run with fresh seeds, for a tenth of the time. Figures each minute, a table at the
 * end; it exits with 1 when a promise broke. It is gentle: at its usual pace a fifth of a core.
 */
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { insideEnv, lookInside } from "../bench/inside.ts";
import { residentMb } from "../bench/sleeping.ts";
import { root } from "../test/support/codex.ts";
import { CuttingProxy } from "../test/support/cutting-proxy.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { Random } from "../test/support/random.ts";
import { Chaos } from "./chaos.ts";
import { Load } from "./load.ts";
import { verdict } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    sessions: { type: "string", default: "6" },
    pace: { type: "string", default: "4000" },
    kills: { type: "string", default: "0" },
  },
});
const hours = Number(values.hours);
const seed = Number(values.seed);
const endAt = Date.now() + hours * 3_600_000;
const minuteMs = 60_000;
const random = new Random(seed);
console.log(`soak of ${hours} h, seed ${seed} (again with: npm run soak -- --seed ${seed})`);

const simulated = await simulate(hours * 360);
console.log(`simulation: ${JSON.stringify(simulated.sums)}`);
for (const line of simulated.broken) console.log(`BROKEN in the simulation: ${line}`);

const home = await createHome({ env: insideEnv(`/tmp/hs-soak-${process.pid}`) });
const away = await createHome({ model: home.model });
const proxy = new CuttingProxy(home.socket);
const sessions = Array.from({ length: Number(values.sessions) }, (_, i) => `s${i}`);
let problems: string[] = [];
const worst = { rssMb: 0, descriptors: 0, p99Ms: 0, maxMs: 0 };
try {
  for (const name of sessions) await home.ok(["new", name, "-d"]);
  await proxy.open();
  await away.ok(["peer", "add", "desk", proxy.url]);
  const load = new Load({
    home,
    random,
    sessions,
    paceMs: Number(values.pace),
    by: { home: away, peer: "desk" },
  });
  const chaos = new Chaos({ home, random, sessions, proxy });
  await load.start();
  const going = () => Date.now() < endAt || chaos.kills < Number(values.kills);
  const figures = (async () => {
    while (going()) {
      await sleep(Math.min(minuteMs, Math.max(1_000, endAt - Date.now())));
      await report(home, load, chaos);
    }
  })();
  while (going()) {
    await sleep(random.int(1_000, 2 * Number(values.pace)));
    await chaos.strike();
  }
  await figures;
  await load.stop();
  await eventuallyDelivered(away);
  problems = await verdict(home, sessions, load);
  load.leave();
  summary(load, chaos);
} finally {
  await proxy.close();
  await away.close();
  await home.close();
}
for (const problem of problems) console.log(`BROKEN: ${problem}`);
const count = problems.length + simulated.broken.length;
console.log(count === 0 ? "every promise held" : `${count} promises broke`);
process.exit(count === 0 ? 0 : 1);

/** What was kept for the peer while it was away has gone out. */
async function eventuallyDelivered(from: Home): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const [peer] = await from.cliJson(["peer", "ls"]);
    if (peer?.stored === 0) return;
    await sleep(500);
  }
  problems.push("messages for the peer still wait");
}

async function report(of: Home, load: Load, chaos: Chaos): Promise<void> {
  try {
    const [pid] = of.daemonPids();
    if (pid === undefined) return;
    const inside = await lookInside(of);
    const rssMb = residentMb(pid);
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    const { p99Ms, maxMs } = inside;
    for (const [key, value] of Object.entries({ rssMb, descriptors, p99Ms, maxMs }))
      worst[key as keyof typeof worst] = Math.max(worst[key as keyof typeof worst], value);
    const dbMb = statSync(join(of.dir, "state/default/history.db")).size / 2 ** 20;
    const { counts } = load;
    console.log(
      `${new Date().toISOString().slice(11, 19)}  rss ${rssMb.toFixed(0)} MB, ${descriptors} descriptors, ` +
        `loop p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(0)} ms, history ${dbMb.toFixed(1)} MB, ` +
        `${counts.acknowledged} sent, ${counts.finished} finished, ${counts.approvals} approved, ` +
        `${counts.attaches} visits, ${chaos.kills} kills, ${load.problems.length} problems`,
    );
  } catch (error) {
    // The daemon was killed while it was looked at.
    console.log(`no figures this minute: ${error instanceof Error ? error.message : error}`);
  }
}

function summary(load: Load, chaos: Chaos): void {
  const rows = {
    ...load.counts,
    "SIGKILLs to daemons and agents": chaos.kills,
    ...Object.fromEntries(Object.entries(chaos.done).map(([fault, n]) => [`fault: ${fault}`, n])),
    "resident, at most": `${worst.rssMb.toFixed(0)} MB`,
    "descriptors, at most": worst.descriptors,
    "event loop, p99 of the worst minute": `${worst.p99Ms.toFixed(1)} ms`,
    "event loop, at most (SIGSTOPs included)": `${worst.maxMs.toFixed(0)} ms`,
    "simulated schedules": simulated.sums.schedules,
    "simulated crash points": simulated.sums.crashes,
    "lost, repeated, orphans": problems.length,
  };
  console.log("\n| what | figure |\n|---|---|");
  for (const [what, figure] of Object.entries(rows)) console.log(`| ${what} | ${figure} |`);
}

function simulate(seconds: number) {
  return new Promise<{ sums: { schedules: number; crashes: number }; broken: string[] }>(
    (resolve) => {
      const args = [
        join(root, "test/simulation/run.ts"),
        "random",
        `${seed}`,
        "1000000",
        `${seconds}`,
      ];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      let printed = "";
      child.stdout.on("data", (chunk) => {
        printed += chunk;
      });
      child.on("close", () => {
        const lines = printed.trim().split("\n");
        const { sums } = JSON.parse(lines.pop() ?? "{}");
        const broken = lines.map((line) => {
          const { seed: its, broken: what } = JSON.parse(line);
          return `HACS_SEED=${its}: ${what[0]}`;
        });
        resolve({ sums, broken });
      });
    },
  );
}
