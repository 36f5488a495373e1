/** 10,000 clients that come, attach, hear a little and go: what stays of them in the daemon. */
import { readdirSync } from "node:fs";
import { dial } from "../src/client/dial.ts";
import { eventually } from "../test/support/eventually.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { type Inside, insideEnv, lookAtHeld, lookInside } from "./inside.ts";
import { type Benchmark, ms, type Result } from "./measure.ts";

const cycles = 10_000;
/** What grows once, by the first ones, is no leak. */
const warmUp = 1_000;
const atOnce = 8;
const mbMost = 1;
const p99MsMost = 20;
const msMost = 200;

export const attachCycles: Benchmark = async () => {
  const home = await createHome({ env: insideEnv(`/tmp/hs-inside-${process.pid}`) });
  try {
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "words 50"]);
    await cycle(home, warmUp);
    const before = await held(home);
    const start = performance.now();
    await cycle(home, cycles);
    const tookMs = performance.now() - start;
    const loop = await lookInside(home);
    const after = await held(home);
    return [
      kept("descriptors", after.descriptors - before.descriptors, 0, after, before),
      kept("handles and listeners of the loop", after.handles - before.handles, 0, after, before),
      kept("megabytes", after.heapMb - before.heapMb, mbMost, after, before),
      {
        what: `event-loop delay in ${cycles} attach/detach cycles, p99`,
        measured: ms(loop.p99Ms),
        target: `≤ ${p99MsMost} ms, at most ${msMost} ms`,
        met: loop.p99Ms <= p99MsMost && loop.maxMs <= msMost,
        details: `max ${ms(loop.maxMs)}, ${((1_000 * cycles) / tookMs).toFixed(0)} cycles a second, ${atOnce} at once`,
      },
    ];
  } finally {
    await home.close();
  }
};

type Held = Inside & { descriptors: number };

async function held(home: Home): Promise<Held> {
  await eventually(async () => (await home.show("bot")).clients === 0, {
    what: "nobody is attached",
  });
  const inside = await lookAtHeld(home);
  const descriptors = readdirSync(`/proc/${home.daemonPid()}/fd`).length;
  return { ...inside, descriptors };
}

function kept(what: string, grown: number, most: number, after: Held, before: Held): Result {
  const figures = ({ descriptors, handles, heapMb }: Held) =>
    `${descriptors} descriptors, ${handles} handles, ${heapMb.toFixed(1)} MB of heap`;
  return {
    what: `${what} kept of ${cycles} attach/detach cycles`,
    measured: Number.isInteger(grown) ? `${grown}` : grown.toFixed(2),
    target: `≤ ${most}`,
    met: grown <= most,
    details: `before ${figures(before)}; after ${figures(after)}`,
  };
}

async function cycle(home: Home, count: number): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await once(home, left);
    }),
  );
}

/** Some detach first, some just go. */
async function once(home: Home, nth: number): Promise<void> {
  const connection = await dial(home.socket, "bench");
  const live = new Promise<void>((resolve) => {
    connection.onNotification = (_, { method }) => {
      if (method === "session/live") resolve();
    };
  });
  await connection.call("session/attach", { name: "bot", last: 20 });
  await live;
  if (nth % 2 === 0) await connection.call("session/detach", { name: "bot" });
  connection.close();
}
