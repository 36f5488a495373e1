/**
 * The clients of fan-out.ts, in a process of their own: `ours SOCKET NAME COUNT`,
 * `codex SOCKET THREAD COUNT`, or over the port `web URL NAME COUNT` and `stream URL NAME COUNT` with
 * a token in BENCH_TOKEN. Prints `ready`, and `done` when each has the whole answer.
 */
import { dial } from "../src/client/dial.ts";
import { dialAgent } from "./agent-client.ts";
import { dialWeb, openStream } from "./web-client.ts";

const token = process.env.BENCH_TOKEN ?? "";
const [way, socket = "", target = "", count = "0"] = process.argv.slice(2);
const deltas = new Array<number>(Number(count)).fill(0);
let done = 0;

function heard(client: number, method: string): void {
  if (method === "item/agentMessage/delta") deltas[client]!++;
  if (method === "turn/completed" && ++done === Number(count)) {
    process.stdout.write(`done ${Math.min(...deltas)}\n`);
    process.exit(0);
  }
}

for (let i = 0; i < Number(count); i++) {
  if (way === "ours") {
    const connection = await dial(socket, "bench");
    connection.onNotification = (_, params) => heard(i, String(params.method));
    await connection.call("session/attach", { name: target });
  } else if (way === "web") {
    const client = await dialWeb(socket, token);
    client.onEvent = ({ method }) => heard(i, method);
    await client.call("session/attach", { name: target });
  } else if (way === "stream") {
    await openStream(socket, token, target, ({ method }) => heard(i, String(method)));
  } else {
    const client = await dialAgent(socket, target);
    client.onNotification = (method) => heard(i, method);
  }
}
process.stdout.write("ready\n");
