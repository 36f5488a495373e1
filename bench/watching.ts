/**
 * What it costs to be watched: a delta's way through a daemon with hooks that are told of all that
 * happens and a scrape each second, against the same through one with neither.
 */

import { hookEventNames } from "../src/protocol/hooks.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { ask, listenOn, makeToken } from "../test/support/port.ts";
import { openWebHook } from "../test/support/web-hook.ts";
import { addedToDeltas } from "./delta-latency.ts";
import { type Benchmark, median, ms, quantile, type Result } from "./measure.ts";

const rounds = 4;
const scrapeEveryMs = 1_000;

export const watching: Benchmark = async () => {
  const server = await openWebHook();
  const hooks = [
    { on: hookEventNames, post: server.url },
    { on: hookEventNames, run: ["/bin/true"] },
  ];
  const plain = await createHome();
  const watched = await createHome({ config: { hooks, metricsPerSession: true } });
  try {
    const url = await listenOn(watched);
    const { token } = await makeToken(watched, { scope: "observe" });
    const timer = setInterval(() => void ask(url, "/metrics", { token }), scrapeEveryMs);
    const added = { plain: [] as number[], watched: [] as number[] };
    for (const home of [plain, watched]) await begin(home);
    for (let round = 0; round < rounds; round++) {
      added.plain.push(...(await addedToDeltas(plain)));
      added.watched.push(...(await addedToDeltas(watched)));
    }
    clearInterval(timer);
    const told = server.posted.length;
    return [row("median", 0.5, 1.2, added, told), row("p99", 0.99, 1.5, added, told)];
  } finally {
    await plain.close();
    await watched.close();
    await server.close();
  }
};

async function begin(home: Home): Promise<void> {
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", "say first"]);
}

function row(
  what: string,
  q: number,
  most: number,
  { plain, watched }: { plain: number[]; watched: number[] },
  told: number,
): Result {
  const [ours, control] = [quantile(watched, q), quantile(plain, q)];
  return {
    what: `a delta's way with hooks and a scrape a second, ${what}, against without`,
    measured: `${(ours / control).toFixed(2)}×`,
    target: `≤ ${most}×`,
    met: ours / control <= most,
    details: `${ms(ours)}, without ${ms(control)}; ${plain.length} deltas each, median ${ms(median(plain))}, ${told} events posted`,
  };
}
