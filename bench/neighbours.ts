/**
 * What a session feels of its neighbours: one that crashes, one that floods, and a client that does
 * not read. The same goes on under a daemon of its own as the control, so that what the machine
 * itself has to do for it is in both figures, and only what the sessions share is between them.
 */
import { once } from "node:events";
import type { Connection } from "../src/client/connection.ts";
import { Follower } from "../src/client/follow.ts";
import type { ModelRequest } from "../src/demo/request.ts";
import type { ModelStep } from "../src/demo/server.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { createModel } from "../test/support/model.ts";
import { signal as signalTo } from "../test/support/processes.ts";
import { startProgram } from "../test/support/program.ts";
import { connectRaw } from "../test/support/raw-client.ts";
import { type Benchmark, ms, quantile, type Result } from "./measure.ts";

const usualRounds = 10;
const samples = 300;
/** A session that is left to the daemon is watched for a minute at a time. */
const aMinute = { rounds: 2, probes: 25 };
const everyMs = 8;
const ratioMost = 1.2;

/** Goes on until the signal says so. */
type Neighbour = (home: Home, connection: Connection, signal: AbortSignal) => Promise<void>;

interface Row {
  disturb: Neighbour;
  rounds?: number;
  /** In a round, one after the other. */
  probes?: number;
}

const neighbours: Record<string, Row> = {
  "a crashing session": { disturb: crash("as the daemon starts it"), ...aMinute },
  "a crashing session that is woken at once": { disturb: crash("woken by hand") },
  "a flooding session": { disturb: (_home, connection, signal) => flood(connection, signal) },
  "a client that does not read a flood": { disturb: unread },
};

async function unread(home: Home, connection: Connection, signal: AbortSignal): Promise<void> {
  const client = await connectRaw(home.socket);
  await client.hello();
  client.request(2, "session/attach", { name: "neighbour" });
  await client.answer(2);
  client.pause();
  await flood(connection, signal);
  client.close();
}

/**
 * Its agent is killed as soon as it runs. The daemon starts it again five times at once and then
 * lets it wait, ever longer, until somebody wakes it: when a round begins, or after every crash.
 */
function crash(started: "as the daemon starts it" | "woken by hand"): Neighbour {
  return async (home, connection, signal) => {
    // It may be dead again before it is awake.
    const wake = () => connection.call("session/wake", { name: "neighbour" }).catch(() => {});
    const killed = new Set<unknown>();
    const kill = (pid: unknown) => {
      if (typeof pid === "number" && !killed.has(pid)) signalTo(pid, "SIGKILL");
      killed.add(pid);
    };
    // To ask for its state all the time would be a flood of its own.
    const follower = new Follower({
      dial: () => home.connect(),
      attach: { name: "neighbour", visible: false },
      onEvent: ({ method, params: { status, pid } }) => {
        if (method !== "session/agent" || signal.aborted) return;
        if (status === "started") kill(pid);
        if (status === "crashed" && started === "woken by hand") void wake();
      },
    });
    await follower.start();
    kill((await wake())?.session.agentPid);
    await once(signal, "abort");
    follower.stop();
  };
}

/** As many deltas a second as a model was ever seen to write; more is the machine's to choke on. */
async function* steady({ signal }: ModelRequest): AsyncGenerator<ModelStep> {
  for (let count = 0; !signal.aborted; count++) {
    if (count % 15 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    yield { text: `word${count} ` };
  }
}

async function flood(connection: Connection, signal: AbortSignal): Promise<void> {
  const content = { text: "steady" };
  await connection.call("session/send", { name: "neighbour", content });
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await connection.call("session/interrupt", { name: "neighbour" });
}

export const benchNeighbours: Benchmark = async () => {
  const model = await createModel();
  model.on(/^steady/, steady);
  const homes = { same: await createHome({ model }), other: await createHome({ model }) };
  try {
    const connections = { same: await homes.same.connect(), other: await homes.other.connect() };
    for (const home of Object.values(homes)) await home.ok(["new", "neighbour", "-d"]);
    await homes.same.ok(["new", "bot", "-d"]);
    const quiet = await probe(homes.same);
    const results: Result[] = [];
    for (const [what, { disturb, rounds = usualRounds, probes = 1 }] of Object.entries(
      neighbours,
    )) {
      const waits = { same: [] as number[], other: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        for (const where of ["same", "other"] as const) {
          const end = new AbortController();
          const disturbing = disturb(homes[where], connections[where], end.signal);
          for (let i = 0; i < probes; i++) waits[where].push(...(await probe(homes.same)));
          end.abort();
          await disturbing;
        }
      }
      results.push(resultOf(what, waits, quiet));
    }
    return results;
  } finally {
    await homes.same.close();
    await homes.other.close();
    await model.close();
  }
};

function resultOf(
  what: string,
  waits: { same: number[]; other: number[] },
  quiet: number[],
): Result {
  const [ours, control] = [quantile(waits.same, 0.99), quantile(waits.other, 0.99)];
  const ratio = ours / control;
  return {
    what: `an event's way in another session beside ${what}, p99`,
    measured: `${ratio.toFixed(2)}×`,
    target: `≤ ${ratioMost}×`,
    met: ratio <= ratioMost,
    details: `${ms(ours)}, with that under another daemon ${ms(control)}, with nothing ${ms(quantile(quiet, 0.99))}; ${waits.same.length} events each`,
  };
}

/** From a call that changes something in the session until another client is told, in ms. */
async function probe(home: Home): Promise<number[]> {
  const script = `
    const net = require("node:net");
    const open = (onLine) => {
      const socket = net.connect(${JSON.stringify(home.socket)});
      let text = "";
      socket.on("data", (chunk) => {
        const lines = (text + chunk).split("\\n");
        text = lines.pop();
        for (const line of lines) onLine(JSON.parse(line));
      });
      const ask = (id, method, params) => socket.write(JSON.stringify({ id, method, params }) + "\\n");
      ask(1, "hello", { protocol: { min: 1, max: 1 }, client: { kind: "bench", version: "", user: "", from: "" } });
      return ask;
    };
    const times = [], sent = new Map();
    const write = open(() => {});
    const read = open(({ id, params }) => {
      if (id === 1) read(2, "session/attach", { name: "bot", deltas: false });
      if (id === 2) setInterval(step, ${everyMs});
      const text = params?.method === "session/composed" ? params.params.text : undefined;
      if (!sent.has(text)) return;
      times.push(performance.now() - sent.get(text));
      sent.delete(text);
      if (times.length === ${samples}) { console.log("times " + JSON.stringify(times)); process.exit(); }
    });
    let count = 0;
    const step = () => {
      const text = "word " + count++;
      sent.set(text, performance.now());
      write(3, "session/compose", { name: "bot", text });
    };`;
  const program = startProgram(process.execPath, ["--input-type=commonjs", "-e", script]);
  const printed = await program.waitFor(/times \[.*\]\n/);
  return JSON.parse(/times (\[.*\])/.exec(printed)?.[1] ?? "[]");
}
