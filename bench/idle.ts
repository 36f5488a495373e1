/** What 5,000 idle WebSocket clients cost, against a bare `ws` server with as many. */
import { join } from "node:path";
import { root } from "../test/support/codex.ts";
import { createHome } from "../test/support/home.ts";
import { listenOn, makeToken } from "../test/support/port.ts";
import { startProgram } from "../test/support/program.ts";
import type { Benchmark } from "./measure.ts";
import { residentMb } from "./sleeping.ts";

const clients = 5_000;
const timesMost = 4;
/** Two rounds of heartbeats, and time for what the opening left to be collected. */
const restMs = 15_000;

export const idle: Benchmark = async () => {
  const home = await createHome();
  const bare = startProgram(process.execPath, [
    "--input-type=commonjs",
    "-e",
    `const http = require("node:http");
     const { WebSocketServer } = require(${JSON.stringify(join(root, "node_modules/ws"))});
     const server = http.createServer();
     new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) =>
       socket.on("message", (data) => socket.send(JSON.stringify({ id: JSON.parse(data).id, result: {} }))));
     server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => console.log("port", server.address().port));`,
  ]);
  try {
    const url = await listenOn(home);
    const { token } = await makeToken(home);
    const [, port] = /port (\d+)/.exec(await bare.waitFor(/port \d+/)) ?? [];
    const ours = await cost(home.daemonPid(), url, token);
    const control = await cost(bare.pid, `http://127.0.0.1:${port}`, token);
    const ratio = ours / control;
    return [
      {
        what: `${clients} idle WebSocket clients, resident`,
        measured: `${ratio.toFixed(2)}×`,
        target: `≤ ${timesMost}×`,
        met: ratio <= timesMost,
        details: `ours ${kib(ours)} a client, a bare ws server ${kib(control)}`,
      },
    ];
  } finally {
    bare.kill();
    await home.close();
  }
};

/** MB that a server grew by. */
async function cost(pid: number, url: string, token: string): Promise<number> {
  const before = residentMb(pid);
  const program = startProgram(
    process.execPath,
    [join(root, "bench/idle-clients.ts"), url, String(clients)],
    { env: { ...process.env, BENCH_TOKEN: token } },
  );
  await program.waitFor("ready");
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const grown = residentMb(pid) - before;
  program.kill();
  await program.ended;
  return grown;
}

const kib = (mb: number): string => `${((mb * 1024) / clients).toFixed(1)} KiB`;
