/** Reading far back: what a history of 100,000 items costs the TUI, and how long a page takes. */
import { readFileSync } from "node:fs";
import { createHome, type Home } from "../test/support/home.ts";
import type { TestTerminal } from "../test/support/terminal.ts";
import { type Benchmark, median, ms, quantile } from "./measure.ts";
import { lengthen } from "./synthetic-history.ts";

const many = 100_000;
const few = 1_000;
const rounds = 3;
const pages = 90;
const size = { cols: 120, rows: 40 };
const memoryTimesMost = 1.5;
const pageMsMost = 50;

export const tuiHistory: Benchmark = async () => {
  const home = await createHome();
  try {
    const sessions = { long: many, short: few };
    for (const name of Object.keys(sessions)) {
      await home.ok(["new", name, "-d"]);
      await home.ok(["send", name, "--wait", "say first"]);
    }
    await home.ok(["daemon", "stop"]);
    for (const [name, items] of Object.entries(sessions)) lengthen(home, name, items);
    const memory: Record<string, number[]> = { long: [], short: [] };
    const taken: number[] = [];
    const jumps: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const [name, items] of Object.entries(sessions)) {
        const seen = await read(home, name, items);
        memory[name]!.push(seen.residentMb);
        if (name === "long") taken.push(...seen.pages);
        if (name === "long") jumps.push(...seen.jumps);
      }
    }
    const [long, short] = [median(memory.long!), median(memory.short!)];
    const times = long / short;
    const page = quantile(taken, 0.99);
    const history = many.toLocaleString("en");
    return [
      {
        what: `memory of the TUI, read back in ${history} items, against ${few.toLocaleString("en")}`,
        measured: `${times.toFixed(2)}×`,
        target: `≤ ${memoryTimesMost}×`,
        met: times <= memoryTimesMost,
        details: `resident ${long.toFixed(0)} MB, ${few} items ${short.toFixed(0)} MB, medians of ${rounds} interleaved runs`,
      },
      {
        what: `scrolling a page in ${history} items, p99`,
        measured: ms(page),
        target: `≤ ${pageMsMost} ms`,
        met: page <= pageMsMost,
        details: `median ${ms(median(taken))}, slowest ${ms(Math.max(...taken))} of ${taken.length} pages; to the start or the end ${ms(median(jumps))}`,
      },
    ];
  } finally {
    await home.close();
  }
};

interface Reading {
  residentMb: number;
  pages: number[];
  jumps: number[];
}

/** Many pages up, to the start, some pages down, and to the end again. */
async function read(home: Home, name: string, items: number): Promise<Reading> {
  const terminal = home.terminal(["attach", name], size);
  const shows = (item: number) => (lines: string[]) =>
    lines.some((line) => line.includes(`Answer ${item}:`));
  await terminal.waitFor(shows(items));
  const taken: number[] = [];
  const jumps: number[] = [];
  const page = async (key: string) => {
    const before = firstItem(terminal.screen());
    taken.push(await press(terminal, key, (lines) => firstItem(lines) !== before));
  };
  for (let i = 0; i < pages; i++) await page("pageup");
  terminal.press("ctrl-b", "[");
  jumps.push(await press(terminal, "g", shows(1)));
  for (let i = 0; i < pages / 3; i++) await page("pagedown");
  jumps.push(await press(terminal, "G", shows(items)));
  const seen = { residentMb: residentMb(terminal.pid), pages: taken, jumps };
  await terminal.close();
  return seen;
}

async function press(
  terminal: TestTerminal,
  key: string,
  sight: (lines: string[]) => boolean,
): Promise<number> {
  const pressed = performance.now();
  terminal.press(key);
  await terminal.waitFor(sight);
  return performance.now() - pressed;
}

function firstItem(lines: string[]): string | undefined {
  return lines.map((line) => /Answer \d+:/.exec(line)?.[0]).find((item) => item !== undefined);
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1024;
}
