/**
 * Real processes killed for real: the daemon, an agent, or both, in the middle of turns, sends and
 * approvals. `npm run soak -- --kills 200` does the same for longer.
 */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Chaos } from "../../soak/chaos.ts";
import { Load } from "../../soak/load.ts";
import { verdict } from "../../soak/verdict.ts";
import { createHome, type Home } from "../support/home.ts";
import { Random } from "../support/random.ts";

const kills = Number(process.env.HACS_KILLS ?? 20);
const sessions = ["a", "b"];

let home: Home;
beforeEach(async () => {
  home = await createHome();
  for (const name of sessions) await home.ok(["new", name, "-d"]);
});
afterEach(() => home.close());

test(`${kills} SIGKILLs: nothing lost, nothing repeated, no orphan`, {
  timeout: 60_000 + kills * 15_000,
}, async () => {
  const random = new Random(Number(process.env.HACS_SEED ?? 11));
  const load = new Load({ home, random, sessions, paceMs: 250 });
  const chaos = new Chaos({ home, random, sessions });
  await load.start();
  while (chaos.kills < kills) {
    // The next blow falls in the middle of what came of the last one, or after it.
    const { acknowledged } = load.counts;
    const more = random.int(1, 6);
    await expect
      .poll(() => load.counts.acknowledged, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(acknowledged + more);
    await chaos.strike(["daemon", "agent", "both"]);
  }
  await load.stop();
  expect(await verdict(home, sessions, load)).toEqual([]);
  expect(load.counts.acknowledged).toBeGreaterThan(kills);
  load.leave();
});
