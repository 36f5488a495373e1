/**
 * `npm run bench [-- NAME…]`: runs the benchmarks and prints a table. With `--write` the table
 * goes into docs/benchmarks.md too. Nothing here is a test: a busy machine misses no build.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { archive } from "./archive.ts";
import { attachCycles } from "./attach-cycles.ts";
import { attachPaint } from "./attach-paint.ts";
import { cliStart } from "./cli-start.ts";
import { codexSockets } from "./codex-sockets.ts";
import { deltaLatency } from "./delta-latency.ts";
import { fanOut } from "./fan-out.ts";
import { hops } from "./hops.ts";
import { hostile } from "./hostile.ts";
import { idle } from "./idle.ts";
import { manySleeping } from "./many-sleeping.ts";
import type { Benchmark, Result } from "./measure.ts";
import { benchNeighbours } from "./neighbours.ts";
import { reconnect } from "./reconnect.ts";
import { recovery } from "./recovery.ts";
import { redaction } from "./redaction.ts";
import { sleeping } from "./sleeping.ts";
import { tuiBytes } from "./tui-bytes.ts";
import { tuiHistory } from "./tui-history.ts";
import { tuiPaint } from "./tui-paint.ts";
import { tuiStream } from "./tui-stream.ts";
import { upkeep } from "./upkeep.ts";
import { wake } from "./wake.ts";
import { watching } from "./watching.ts";

const benchmarks: Record<string, Benchmark> = {
  "cli-start": cliStart,
  "delta-latency": deltaLatency,
  watching,
  redaction,
  upkeep,
  archive,
  "fan-out": fanOut,
  hops,
  "attach-paint": attachPaint,
  wake,
  sleeping,
  "many-sleeping": manySleeping,
  "tui-paint": tuiPaint,
  "tui-stream": tuiStream,
  "tui-history": tuiHistory,
  "tui-bytes": tuiBytes,
  reconnect,
  recovery,
  "attach-cycles": attachCycles,
  idle,
  hostile,
  neighbours: benchNeighbours,
  "codex-sockets": codexSockets,
};

const busy = await busyShare();
if (busy > 0.1)
  console.warn(
    `Others take ${Math.round(100 * busy)} % of this machine: its figures are theirs, too.`,
  );

const chosen = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const results: Result[] = [];
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  for (const result of await benchmark()) {
    results.push(result);
    console.log(
      `${result.met ? "met   " : "MISSED"}  ${result.what}: ${result.measured} (${result.target}); ${result.details}`,
    );
  }
}
if (process.argv.includes("--write")) write(results);
process.exit(0);

/** Which part of the machine's CPUs is in use while nothing is measured. */
async function busyShare(): Promise<number> {
  const sums = () =>
    cpus().reduce(
      ({ all, idle }, { times }) => ({
        all: all + Object.values(times).reduce((sum, ms) => sum + ms, 0),
        idle: idle + times.idle,
      }),
      { all: 0, idle: 0 },
    );
  const before = sums();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const after = sums();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

/** A run of some keeps what the table has of the others. */
function write(rows: Result[]): void {
  const file = new URL("../docs/benchmarks.md", import.meta.url);
  const [head = "", before = ""] = readFileSync(file, "utf8").split("<!-- results -->");
  const lines = new Map(chosen.length === 0 ? [] : rowsOf(before));
  for (const { what, measured, target, met, details } of rows) {
    const row = `| ${what} | ${measured} | ${target} | ${met ? "met" : "**missed**"} | ${details} |`;
    lines.set(what, row);
  }
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${gib} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
  const table = ["| what | measured | target | | figures |", "|---|---|---|---|---|"];
  writeFileSync(
    file,
    `${head}<!-- results -->\n\nMachine: ${machine}.\n\n${[...table, ...lines.values()].join("\n")}\n`,
  );
}

function rowsOf(table: string): [string, string][] {
  return table
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| what "))
    .map((line) => [line.split("|")[1]?.trim() ?? "", line]);
}
