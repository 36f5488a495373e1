/** What the daemon adds to a delta: the same delta, heard by us and on the agent's own socket. */
import { createHome, type Home } from "../test/support/home.ts";
import { dialAgent } from "./agent-client.ts";
import { type Benchmark, median, ms, quantile } from "./measure.ts";

const deltas = 1000;
const everyMs = 4;

/** Of each delta of one answer by the session "bot", how much later it came than on that socket. */
export async function addedToDeltas(home: Home): Promise<number[]> {
  const { threadId } = await home.show("bot");
  const ours = new Map<string, number>();
  const direct = new Map<string, number>();
  const agent = await dialAgent(await home.agentSocket("bot"), threadId!);
  agent.onNotification = (method, params) => {
    if (method === "item/agentMessage/delta") direct.set(String(params.delta), performance.now());
  };
  const connection = await home.connect();
  const done = new Promise<void>((resolve) => {
    connection.onNotification = (_, params) => {
      const event = params as { method: string; params: { delta?: string; turn?: unknown } };
      if (event.method === "item/agentMessage/delta")
        ours.set(String(event.params.delta), performance.now());
      if (event.method === "turn/completed") resolve();
    };
  });
  await connection.call("session/attach", { name: "bot" });
  await connection.call("session/send", {
    name: "bot",
    content: { text: `slow ${deltas} ${everyMs}` },
  });
  await done;
  agent.close();
  connection.close();
  return [...ours].flatMap(([delta, at]) => (direct.has(delta) ? [at - direct.get(delta)!] : []));
}

export const deltaLatency: Benchmark = async () => {
  const home = await createHome();
  try {
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    const added = await addedToDeltas(home);
    const row = (what: string, value: number, most: number) => ({
      what: `a delta's way through the daemon, ${what}`,
      measured: ms(value),
      target: `≤ ${most} ms`,
      met: value <= most,
      details: `added to a client on the agent's own socket, ${added.length} deltas`,
    });
    return [row("median", median(added), 1), row("p99", quantile(added, 0.99), 5)];
  } finally {
    await home.close();
  }
};
