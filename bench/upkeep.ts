/** What upkeep of a long history costs everybody else: how long the event loop is kept waiting. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { History } from "../src/daemon/session/history.ts";
import { Store } from "../src/daemon/store/store.ts";
import { Upkeep } from "../src/daemon/upkeep/upkeep.ts";
import { sessionRow } from "../test/support/session-row.ts";
import { type Benchmark, ms, type Result } from "./measure.ts";

const turns = 20_000;
const words = "the tests of this module fail since yesterday because a socket stays open".split(
  " ",
);
const p99MaxMs = 20;
const maxMs = 200;

/** As an older version would have left it: nobody has looked through it. */
function fill(store: Store): void {
  store.sessions.insert(sessionRow("s"));
  const history = new History("s", 0, store);
  for (let turn = 0; turn < turns; turn += 100) {
    store.transaction(() => {
      for (let each = turn; each < turn + 100; each++) addTurn(history, each);
    });
  }
}

function addTurn(history: History, turn: number): void {
  const ids = { threadId: "t", turnId: `u${turn}` };
  const text = Array.from({ length: 150 }, (_, i) => words[(i * 7 + turn) % words.length]).join(
    " ",
  );
  history.codex("turn/started", { threadId: "t", turn: { id: ids.turnId } }, undefined);
  const item = { type: "agentMessage", id: `i${turn}`, text };
  history.codex("item/completed", { ...ids, item }, undefined);
  const ended = { id: ids.turnId, status: "completed" };
  history.codex("turn/completed", { threadId: "t", turn: ended }, undefined);
}

export const upkeep: Benchmark = async () => {
  const dir = mkdtempSync(join(tmpdir(), "hs-"));
  const store = new Store(join(dir, "history.db"));
  try {
    fill(store);
    const keep = new Upkeep({
      store,
      keep: { ageMs: null, bytes: null },
      keepAuditMs: 1e12,
      onError: (error) => {
        throw error;
      },
    });
    const results: Result[] = [];
    const measure = async (what: string, work: () => Promise<unknown>) => {
      const control = await delay(() => new Promise((resolve) => setTimeout(resolve, 2_000)));
      const loop = await delay(work);
      results.push({
        what: `event-loop delay while ${what}, p99`,
        measured: ms(loop.p99),
        target: `≤ ${p99MaxMs} ms, at most ${maxMs} ms`,
        met: loop.p99 <= p99MaxMs && loop.max <= maxMs,
        details: `max ${ms(loop.max)}, took ${ms(loop.tookMs)}; idle ${ms(control.p99)}, max ${ms(control.max)}`,
      });
    };
    await measure(`${turns * 3} records are indexed`, async () => {
      keep.start();
      await keep.caughtUp(600_000);
    });
    await measure("a word in every record is searched for", async () => {
      for (let i = 0; i < 20; i++) {
        store.said.find({ match: '"socket" AND "tests"', limit: 50 });
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await measure("nine tenths of it are dropped", async () => {
      const bytes = (store.keep.get("s")?.bytes ?? 0) / 10;
      store.keep.set("s", { bytes });
      keep.trim("s");
      while ((store.keep.get("s")?.bytes ?? 0) > bytes)
        await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await measure("the rest is removed", () => keep.forget("s"));
    keep.stop();
    return results;
  } finally {
    store.close();
    rmSync(dir, { recursive: true });
  }
};

async function delay(work: () => Promise<unknown>) {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  // Upkeep keeps no process alive.
  const alive = setInterval(() => {}, 1_000);
  const start = performance.now();
  monitor.enable();
  await work();
  clearInterval(alive);
  monitor.disable();
  const tookMs = performance.now() - start;
  return { p99: monitor.percentile(99) / 1e6, max: monitor.max / 1e6, tookMs };
}
