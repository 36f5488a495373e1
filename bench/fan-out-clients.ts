/**
 * The clients of fan-out.ts, in a process of their own: `ours SOCKET NAME COUNT` or
 * `codex SOCKET THREAD COUNT`. Prints `ready`, and `done` when each has the whole answer.
 */
import { dial } from "../src/client/dial.ts";
import { dialAgent } from "./agent-client.ts";

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
  } else {
    const client = await dialAgent(socket, target);
    client.onNotification = (method) => heard(i, method);
  }
}
process.stdout.write("ready\n");
