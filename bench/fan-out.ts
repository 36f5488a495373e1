/**
 * One session, 50 clients, 2,000 deltas: ours on the socket, as WebSockets and as streams of events,
 * against 50 clients on codex's own socket.
 */
import { join } from "node:path";
import { root } from "../test/support/codex.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { listenOn, makeToken } from "../test/support/port.ts";
import { startProgram } from "../test/support/program.ts";
import { type Benchmark, median, ms } from "./measure.ts";

const clients = 50;
const deltas = 2000;
const rounds = 3;

export const fanOut: Benchmark = async () => {
  const home = await createHome();
  try {
    const url = await listenOn(home);
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    const { token } = await makeToken(home);
    const ways = ["ours", "web", "stream", "codex"] as const;
    const times = { ours: [], web: [], stream: [], codex: [] } as Record<Way, number[]>;
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) times[way].push(await once(home, way, { url, token }));
    }
    const row = (way: Way, who: string) => {
      const ratio = median(times.codex) / median(times[way]);
      return {
        what: `${clients} ${who}, ${deltas} deltas: everyone has everything`,
        measured: `${ratio.toFixed(1)}× sooner`,
        target: "≥ 5× sooner",
        met: ratio >= 5,
        details: `ours ${ms(median(times[way]))}, codex's own socket ${ms(median(times.codex))}, ${rounds} rounds each`,
      };
    };
    return [
      row("ours", "clients"),
      row("web", "WebSocket clients"),
      row("stream", "clients with streams of events"),
    ];
  } finally {
    await home.close();
  }
};

type Way = "ours" | "web" | "stream" | "codex";

async function once(
  home: Home,
  way: Way,
  { url, token }: { url: string; token: string },
): Promise<number> {
  const { threadId } = await home.show("bot");
  const where = {
    ours: [home.socket, "bot"],
    web: [url, "bot"],
    stream: [url, "bot"],
    codex: [await home.agentSocket("bot"), threadId!],
  }[way];
  const program = startProgram(
    process.execPath,
    [join(root, "bench/fan-out-clients.ts"), way, ...where, String(clients)],
    { env: { ...home.env, BENCH_TOKEN: token } },
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
