/** A one-shot command against the least that Node can do; and a daemon's start on demand. */
import { createHome } from "../test/support/home.ts";
import { runProgram } from "../test/support/program.ts";
import { type Benchmark, interleaved, median, ms, ratioRow, timed } from "./measure.ts";

const rounds = 30;
const startRounds = 10;

export const cliStart: Benchmark = async () => {
  const home = await createHome();
  try {
    await home.ok(["new", "bot", "-d"]);
    const times = await interleaved(rounds, {
      ls: () => timed(() => home.cli(["ls"])),
      bare: () => timed(() => runProgram(process.execPath, ["-e", "0"], { env: home.env })),
    });
    const starts: number[] = [];
    for (let i = 0; i < startRounds; i++) {
      await home.ok(["daemon", "stop"]);
      const cold = await timed(() => home.ok(["ls"]));
      const warm = await timed(() => home.ok(["ls"]));
      starts.push(cold - warm);
    }
    return [
      ratioRow("`hacs-session ls` against `node -e 0`", times.ls, times.bare, 1.5, "bare"),
      {
        what: "starting the daemon on demand",
        measured: ms(median(starts)),
        target: "≤ 300 ms",
        met: median(starts) <= 300,
        details: `\`ls\` that starts one, less \`ls\` with one there, ${startRounds} runs`,
      },
    ];
  } finally {
    await home.close();
  }
};
