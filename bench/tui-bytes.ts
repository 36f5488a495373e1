/**
 * The bytes that a terminal is sent for one streamed answer, against the official TUI: both are
 * on the same thread, in terminals of the same size, and see the same deltas at the same time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createHome } from "../test/support/home.ts";
import type { TestTerminal } from "../test/support/terminal.ts";
import { pieces } from "./answer.ts";
import type { Benchmark, Result } from "./measure.ts";
import { officialTui, paintedWith, type Size, signIn } from "./official-tui.ts";

const tokens = 2_000;
/** As fast as a quick model of today writes. */
const tokenEveryMs = 10;
const timesMost = 3;
const sizes: Size[] = [
  { cols: 80, rows: 24 },
  { cols: 40, rows: 20 },
];

export const tuiBytes: Benchmark = async () => {
  const home = await createHome();
  try {
    signIn(home);
    home.model.on(/^stream$/, async function* () {
      for (const text of pieces(tokens)) {
        yield { text };
        await sleep(tokenEveryMs);
      }
      yield { text: "\n\nThat is all." };
    });
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    const open = await officialTui(home, "bot");
    const pairs = sizes.map((size) => ({
      size,
      attach: home.terminal(["attach", "bot"], size),
      official: open(size),
    }));
    const all = pairs.flatMap(({ attach, official }) => [attach, official]);
    await Promise.all(all.map((terminal) => terminal.waitFor(paintedWith("first"))));
    const before = new Map(all.map((terminal) => [terminal, bytes(terminal)]));
    await home.ok(["send", "bot", "--wait", "stream"]);
    await Promise.all(all.map((terminal) => terminal.waitFor(paintedWith("That is all."))));
    const written = (terminal: TestTerminal) => bytes(terminal) - before.get(terminal)!;
    const rows = pairs.map(({ size, attach, official }) =>
      row(size, written(attach), written(official)),
    );
    await Promise.all(all.map((terminal) => terminal.close()));
    return rows;
  } finally {
    await home.close();
  }
};

function row({ cols, rows }: Size, ours: number, official: number): Result {
  const times = ours / official;
  const kb = (count: number) => `${(count / 1000).toFixed(0)} kB`;
  return {
    what: `bytes for a streamed answer of ${tokens.toLocaleString("en")} tokens, ${cols}×${rows}, against the official TUI`,
    measured: `${times.toFixed(2)}×`,
    target: `≤ ${timesMost}×`,
    met: times <= timesMost,
    details: `${kb(ours)}, official ${kb(official)}; the text itself ${kb(pieces(tokens).join("").length)}`,
  };
}

function bytes(terminal: TestTerminal): number {
  return Buffer.byteLength(terminal.raw());
}
