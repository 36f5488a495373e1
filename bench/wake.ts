/** Waking a sleeping session against spawning codex and resuming its thread by hand. */
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { codexBinary } from "../test/support/codex.ts";
import { createHome } from "../test/support/home.ts";
import { dialAgent } from "./agent-client.ts";
import { type Benchmark, interleaved, ratioRow, timed } from "./measure.ts";

const rounds = 20;

export const wake: Benchmark = async () => {
  const home = await createHome();
  try {
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    const { threadId } = await home.show("bot");
    const connection = await home.connect();
    await connection.call("session/sleep", { name: "bot" });
    const socket = join(home.dir, "by-hand.sock");
    const times = await interleaved(rounds, {
      wake: async () => {
        const took = await timed(() => connection.call("session/wake", { name: "bot" }));
        await connection.call("session/sleep", { name: "bot" });
        return took;
      },
      byHand: async () => {
        rmSync(socket, { force: true });
        let child: ReturnType<typeof spawn> | undefined;
        const took = await timed(async () => {
          child = spawn(codexBinary, ["app-server", "--listen", `unix://${socket}`], {
            env: home.env,
            cwd: home.work,
            stdio: "ignore",
          });
          while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 1));
          const agent = await dialAgent(socket, threadId!);
          agent.close();
        });
        const gone = new Promise((resolve) => child?.once("exit", resolve));
        child?.kill("SIGKILL");
        await gone;
        return took;
      },
    });
    return [
      ratioRow(
        "`wake` against spawning codex and `thread/resume` by hand",
        times.wake,
        times.byHand,
        1.3,
        "by hand",
      ),
    ];
  } finally {
    await home.close();
  }
};
