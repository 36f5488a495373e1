/** 1,000 WebSocket clients, and the daemon killed in the middle of a turn that goes on without it. */
import { join } from "node:path";
import { codexBinary, root } from "../test/support/codex.ts";
import { createHome } from "../test/support/home.ts";
import { listenOn, makeToken } from "../test/support/port.ts";
import { startProgram } from "../test/support/program.ts";
import { type Benchmark, ms } from "./measure.ts";

const clients = 1_000;
const msMost = 5_000;

export const reconnect: Benchmark = async () => {
  const home = await createHome();
  try {
    const url = await listenOn(home);
    home.configure({ codex: codexBinary, listen: [url.slice("http://".length)] });
    const { token } = await makeToken(home);
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "words 200"]);
    const program = startProgram(
      process.execPath,
      [join(root, "bench/reconnect-clients.ts"), url, "bot", String(clients)],
      { env: { ...home.env, BENCH_TOKEN: token } },
    );
    await program.waitFor("ready");
    await home.ok(["send", "bot", "gated away and back"]);
    await home.model.reached("away");
    const start = performance.now();
    await home.killDaemon();
    home.model.release("away");
    await home.ok(["daemon", "start"]);
    const restarted = performance.now() - start;
    const printed = await program.waitFor(/done .*\n/);
    const took = performance.now() - start;
    if (!printed.includes("done whole")) throw new Error(`a client missed or repeated: ${printed}`);
    return [
      {
        what: `${clients} clients come back with cursors after a kill -9: everyone has everything`,
        measured: ms(took),
        target: `≤ ${ms(msMost)}`,
        met: took <= msMost,
        details: `of that ${ms(restarted)} until the next daemon answered`,
      },
    ];
  } finally {
    await home.close();
  }
};
