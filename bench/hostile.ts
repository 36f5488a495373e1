/** How long frames that are made to be costly keep the others waiting. */
import { requestBytesMax } from "../src/daemon/client-connection.ts";
import { createHome } from "../test/support/home.ts";
import { listenOn, makeToken, openWeb } from "../test/support/port.ts";
import { startProgram } from "../test/support/program.ts";
import { type Benchmark, ms } from "./measure.ts";

const msMost = 50;
const almost = requestBytesMax - 200;
const filled = (piece: string) => piece.repeat(Math.floor(almost / piece.length));
const corpus = {
  arrays: filled("["),
  objects: `[${filled("{},")}{}]`,
  numbers: `[${filled("1,")}1]`,
  keys: `{${Array.from({ length: 15_000 }, (_, i) => `"${"k".repeat(400)}${i}":1`).join(",")}}`,
  string: `"${filled("x")}"`,
  escapes: `"${filled("\\n")}"`,
  quotes: `"${filled('\\"')}"`,
  // What passes: as many escapes, and as much of names, as a frame may have.
  "escapes that pass": `"${filled("\\nxxx")}"`,
  "names that pass": `[${Array.from({ length: 9_000 }, (_, i) => `{"${"k".repeat(24)}${i}":"${"x".repeat(650)}"}`).join(",")}]`,
};

/** Beside the daemon's own wait there is the machine's, which a round without any frame shows. */
export const hostile: Benchmark = async () => {
  const home = await createHome();
  try {
    const url = await listenOn(home);
    const { token } = await makeToken(home);
    const control = await longestWait(home, async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    const waits: [string, number][] = [];
    for (const [name, value] of Object.entries(corpus)) {
      const client = await openWeb(url, { token });
      await client.hello();
      const before = client.frames.length;
      const wait = await longestWait(home, async () => {
        client.link.send(`{"id":1,"method":"session/show","params":{"name":${value}}}`);
        await client.until("an answer", (frame) => client.frames.indexOf(frame) >= before);
      });
      waits.push([name, wait]);
      client.close();
    }
    const most = Math.max(...waits.map(([, wait]) => wait));
    return [
      {
        what: "frames as long as may be and made to be costly: another client's longest wait",
        measured: ms(most),
        target: `≤ ${ms(msMost)}`,
        met: most <= msMost,
        details: `${waits.map(([name, wait]) => `${name} ${ms(wait)}`).join(", ")}; without any ${ms(control)}`,
      },
    ];
  } finally {
    await home.close();
  }
};

/** The longest that a call of another client took meanwhile, from a process of its own. */
async function longestWait(
  home: Awaited<ReturnType<typeof createHome>>,
  work: () => Promise<void>,
): Promise<number> {
  const script = `
    const socket = require("node:net").connect(${JSON.stringify(home.socket)});
    let sent, most = 0, first = true;
    const ask = (method, params) => { sent = performance.now(); socket.write(JSON.stringify({ id: 1, method, params }) + "\\n"); };
    socket.on("data", () => {
      if (!first) most = Math.max(most, performance.now() - sent);
      else console.log("ready");
      first = false;
      ask("session/list", {});
    });
    ask("hello", { protocol: { min: 1, max: 1 }, client: { kind: "bench", version: "", user: "", from: "" } });
    process.stdin.on("data", () => { console.log("most", most); process.exit(); });`;
  const program = startProgram(process.execPath, ["--input-type=commonjs", "-e", script]);
  await program.waitFor("ready");
  await work();
  program.write("\n");
  const printed = await program.waitFor(/most [\d.]+\n/);
  return Number(/most ([\d.]+)/.exec(printed)?.[1]);
}
