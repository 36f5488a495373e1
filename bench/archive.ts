/**
 * What an archive costs a session: the way of a delta through a daemon that carries a long history
 * to its archive meanwhile, against one that has none, and how fast it carries.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Archive } from "../src/daemon/archive/archive.ts";
import { History } from "../src/daemon/session/history.ts";
import { Store } from "../src/daemon/store/store.ts";
import { createHome } from "../test/support/home.ts";
import { Postgres } from "../test/support/postgres.ts";
import { sessionRow } from "../test/support/session-row.ts";
import { addedToDeltas } from "./delta-latency.ts";
import { type Benchmark, median, ms, quantile, type Result } from "./measure.ts";

const records = 30_000;
const rounds = 2;
const ratioMax = 1.2;
/** Below this a ratio is of noise. */
const differenceMaxMs = 0.5;

export const archive: Benchmark = async () => {
  const postgres = await Postgres.create();
  postgres.giveWay();
  try {
    return [...(await deltas(postgres)), await drain(postgres)];
  } finally {
    await postgres.close();
  }
};

async function deltas(postgres: Postgres): Promise<Result[]> {
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(...(await inHome({})));
    const url = postgres.url(await postgres.database());
    ours.push(...(await inHome({ archive: url })));
  }
  const row = (what: string, one: number, control: number): Result => ({
    what: `a delta's way while ${records} records are archived, ${what}, against no archive`,
    measured: `${(one / control).toFixed(2)}×`,
    target: `≤ ${ratioMax}×, or ${ms(differenceMaxMs)} more`,
    met: one <= Math.max(control * ratioMax, control + differenceMaxMs),
    details: `${ms(one)} against ${ms(control)}, ${ours.length} deltas in ${rounds} interleaved runs`,
  });
  return [
    row("median", median(ours), median(bare)),
    row("p99", quantile(ours, 0.99), quantile(bare, 0.99)),
  ];
}

async function inHome(config: object): Promise<number[]> {
  const home = await createHome({ config });
  try {
    // It lies there before the daemon starts.
    const state = join(home.dir, "state/default");
    mkdirSync(state, { recursive: true, mode: 0o700 });
    filled(state).close();
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    return await addedToDeltas(home);
  } finally {
    await home.close();
  }
}

async function drain(postgres: Postgres): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), "hs-"));
  const store = filled(dir);
  const url = postgres.url(await postgres.database());
  const log = pino({ level: "silent" });
  const carrier = new Archive({ url, holdMs: 1, name: "bench", store, log });
  try {
    const start = performance.now();
    carrier.start();
    // Its timers keep no process alive, and this one does.
    while (carrier.status().state !== "connected" || carrier.status().records > 0) await sleep(20);
    const seconds = (performance.now() - start) / 1000;
    const bytes = store.keep.get("s")?.bytes ?? 0;
    const rate = Math.round(records / seconds);
    return {
      what: "records carried to the archive a second",
      measured: `${rate}`,
      target: "≥ 1000",
      met: rate >= 1000,
      details: `${records} records in ${seconds.toFixed(1)} s, ${(bytes / seconds / 2 ** 20).toFixed(1)} MiB/s, the server on the same two cores`,
    };
  } finally {
    carrier.stop();
    store.close();
    rmSync(dir, { recursive: true });
  }
}

/** A store with a long history, which upkeep has looked through. */
function filled(dir: string): Store {
  const store = new Store(join(dir, "history.db"));
  store.sessions.insert(sessionRow("s"));
  const history = new History("s", 0, store);
  const text = "a line of some length that says little. ".repeat(6);
  for (let begin = 0; begin < records; begin += 1000) {
    store.transaction(() => {
      for (let place = begin; place < begin + 1000; place++) {
        const item = { type: "agentMessage", id: `i${place}`, text: `Answer ${place}: ${text}` };
        const turnId = `u${Math.floor(place / 10)}`;
        history.codex("item/completed", { threadId: "t", turnId, item }, undefined);
      }
    });
  }
  const last = store.records.before("s", records + 1, 1)[0]!;
  store.keep.lookedThrough("s", records, records * (last.params.length + 100));
  return store;
}
