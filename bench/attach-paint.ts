/** The first full paint of `attach`, with a long history against a short one. */
import { createHome } from "../test/support/home.ts";
import { type Benchmark, interleaved, ratioRow, timed } from "./measure.ts";
import { lengthen } from "./synthetic-history.ts";

const rounds = 10;
const many = 10_000;
const few = 10;

export const attachPaint: Benchmark = async () => {
  const home = await createHome();
  try {
    for (const name of ["long", "short"]) {
      await home.ok(["new", name, "-d"]);
      await home.ok(["send", name, "--wait", "say first"]);
    }
    await home.ok(["daemon", "stop"]);
    lengthen(home, "long", many);
    lengthen(home, "short", few);
    const paint = (name: string, last: number) => async () => {
      const terminal = home.terminal(["attach", name], { cols: 120, rows: 40 });
      const took = await timed(() =>
        terminal.waitFor(
          (lines) =>
            lines.some((line) => line.includes(`Answer ${last}:`)) &&
            lines.some((line) => line.includes(`[${name}]`)),
        ),
      );
      await terminal.close();
      return took;
    };
    const times = await interleaved(rounds, {
      long: paint("long", many),
      short: paint("short", few),
    });
    return [
      ratioRow(
        `first full paint of \`attach\`, ${many.toLocaleString("en")} items against ${few}`,
        times.long,
        times.short,
        1.3,
        `${few} items`,
      ),
    ];
  } finally {
    await home.close();
  }
};
