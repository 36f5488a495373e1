/** How soon a daemon that was killed in a turn is back, by how much history there is. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Follower } from "../src/client/follow.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { insideEnv, lookInside } from "./inside.ts";
import { type Benchmark, median, ms, timed } from "./measure.ts";

const sizes = { small: 2 ** 20, large: 2 ** 30 };
const rounds = 7;
const ratioMost = 2;
const listeningMsMost = 1_000;
const p99MsMost = 20;
const loopMsMost = 200;
const itemsOfTurn = 10;
const charsOfItem = 10_000;

export const recovery: Benchmark = async () => {
  const homes: Record<keyof typeof sizes, Home> = {
    small: await homeWith(sizes.small),
    large: await homeWith(sizes.large),
  };
  try {
    const listening = { small: [] as number[], large: [] as number[] };
    const recovered = { small: [] as number[], large: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const name of ["small", "large"] as const) {
        const { listenedMs, levelMs } = await restart(homes[name], `r${round}`);
        listening[name].push(listenedMs);
        recovered[name].push(levelMs);
      }
    }
    const loop = await lookInside(homes.large);
    const ratio = median(recovered.large) / median(recovered.small);
    const worst = Math.max(...listening.large);
    const mib = (name: keyof typeof homes) => (bytesOf(homes[name]) / 2 ** 20).toFixed(0);
    return [
      {
        what: "recovery after a kill -9 in a turn, with 1 GiB of history against 1 MiB",
        measured: `${ratio.toFixed(2)}×`,
        target: `≤ ${ratioMost}×`,
        met: ratio <= ratioMost,
        details: `median ${ms(median(recovered.large))}, with 1 MiB ${ms(median(recovered.small))}; files of ${mib("large")} and ${mib("small")} MiB, ${rounds} interleaved rounds`,
      },
      {
        what: "listening again after a kill -9, with 1 GiB of history, at most",
        measured: ms(worst),
        target: `≤ ${ms(listeningMsMost)}`,
        met: worst <= listeningMsMost,
        details: `median ${ms(median(listening.large))}, with 1 MiB ${ms(median(listening.small))}`,
      },
      {
        what: "event-loop delay of that daemon, p99",
        measured: ms(loop.p99Ms),
        target: `≤ ${p99MsMost} ms, at most ${loopMsMost} ms`,
        met: loop.p99Ms <= p99MsMost && loop.maxMs <= loopMsMost,
        details: `max ${ms(loop.maxMs)}, from its start on`,
      },
    ];
  } finally {
    for (const home of Object.values(homes)) await home.close();
  }
};

/** Kills the daemon while a turn runs that ends without it; until a client has that end. */
async function restart(home: Home, key: string): Promise<{ listenedMs: number; levelMs: number }> {
  await home.ok(["send", "bot", `gated ${key} done`]);
  await home.model.reached(key);
  await home.killDaemon();
  home.model.release(key);
  const start = performance.now();
  const listenedMs = await timed(() => home.ok(["daemon", "start"]));
  const follower = new Follower({
    dial: () => home.connect("bench"),
    attach: { name: "bot", last: 10 },
    onEvent: ({ method, params }) => {
      if (method === "session/message" && params.status === "finished") finished();
    },
  });
  let finished = () => {};
  const level = new Promise<void>((resolve) => {
    finished = resolve;
  });
  await follower.start();
  const { messages } = await home.show("bot");
  if (messages[0]?.status !== "finished") await level;
  const levelMs = performance.now() - start;
  follower.stop();
  return { listenedMs, levelMs };
}

async function homeWith(bytes: number): Promise<Home> {
  const home = await createHome({ env: insideEnv(`/tmp/hs-inside-${process.pid}-${bytes}`) });
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", "say hello"]);
  await home.ok(["sleep", "bot"]);
  await home.ok(["daemon", "stop"]);
  fill(join(home.dir, "state/default/history.db"), bytes);
  await home.ok(["wake", "bot"]);
  return home;
}

const bytesOf = (home: Home) => statSync(join(home.dir, "state/default/history.db")).size;

/** As a daemon would have left it: whole turns, older than the one that codex has. */
function fill(file: string, bytes: number): void {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  const { id, seq, thread } = db
    .prepare("SELECT id, seq, thread_id AS thread FROM sessions")
    .get() as { id: string; seq: number; thread: string };
  const insert = db.prepare(
    "INSERT INTO records (session, seq, at, method, params, turn_id, item_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const text = "a line of some length that says little. ".repeat(charsOfItem / 40);
  const at = new Date().toISOString();
  let next = seq;
  const add = (method: string, params: object, turnId: string, itemId: string | null) =>
    insert.run(id, ++next, at, method, JSON.stringify(params), turnId, itemId);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  for (let turn = 0; turn * itemsOfTurn * charsOfItem < bytes; turn++) {
    const turnId = `old-${turn}`;
    add("turn/started", { threadId: thread, turn: { id: turnId } }, turnId, null);
    for (let i = 0; i < itemsOfTurn; i++) {
      const item = { type: "agentMessage", id: `${turnId}-${i}`, text };
      add("item/completed", { threadId: thread, turnId, item }, turnId, item.id);
    }
    const ended = { id: turnId, status: "completed", durationMs: 1_000 };
    add("turn/completed", { threadId: thread, turn: ended }, turnId, null);
  }
  // It was looked through as it grew.
  db.prepare("UPDATE sessions SET seq = ?1, indexed = ?1, bytes = ?2").run(next, bytes);
  db.exec("COMMIT");
  db.close();
}
