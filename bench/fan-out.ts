/** One session, 50 clients, 2,000 deltas: ours against 50 clients on codex's own socket. */
import { join } from "node:path";
import { root } from "../test/support/codex.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { startProgram } from "../test/support/program.ts";
import { type Benchmark, median, ms } from "./measure.ts";

const clients = 50;
const deltas = 2000;
const rounds = 3;

export const fanOut: Benchmark = async () => {
  const home = await createHome();
  try {
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    const times = { ours: [] as number[], codex: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const way of ["ours", "codex"] as const) times[way].push(await once(home, way));
    }
    const ratio = median(times.codex) / median(times.ours);
    return [
      {
        what: `${clients} clients, ${deltas} deltas: everyone has everything`,
        measured: `${ratio.toFixed(1)}× sooner`,
        target: "≥ 5× sooner",
        met: ratio >= 5,
        details: `ours ${ms(median(times.ours))}, codex's own socket ${ms(median(times.codex))}, ${rounds} rounds each`,
      },
    ];
  } finally {
    await home.close();
  }
};

async function once(home: Home, way: "ours" | "codex"): Promise<number> {
  const { codexSocket, threadId } = await home.show("bot");
  const where = way === "ours" ? [home.socket, "bot"] : [codexSocket!, threadId!];
  const program = startProgram(
    process.execPath,
    [join(root, "bench/fan-out-clients.ts"), way, ...where, String(clients)],
    { env: home.env },
  );
  await program.waitFor("ready");
  // Sent over a connection that is there: a command's own start is no part of this.
  const connection = await home.connect();
  const start = performance.now();
  await connection.call("session/send", { name: "bot", content: { text: `flood ${deltas}` } });
  const printed = await program.waitFor(/done \d+/);
  const took = performance.now() - start;
  // codex cuts a slow reader off or drops nothing; either way all of it must have come.
  if (!printed.includes(`done ${deltas}`))
    throw new Error(`${way}: a client missed deltas: ${printed}`);
  await home.ok(["wait", "bot"]);
  return took;
}
