/** The first full paint of `attach`, against the official TUI on the same thread. */
import { createHome } from "../test/support/home.ts";
import type { TestTerminal } from "../test/support/terminal.ts";
import { prose } from "./answer.ts";
import { type Benchmark, interleaved, median, ms } from "./measure.ts";
import { officialTui, paintedWith, signIn } from "./official-tui.ts";

const rounds = 20;
const turns = 20;
const soonerLeast = 2;
const size = { cols: 120, rows: 40 };

export const tuiPaint: Benchmark = async () => {
  const home = await createHome();
  try {
    signIn(home);
    home.model.on(/^turn \d+$/, async function* ({ text }) {
      yield { text: `${prose(120)}\n\nThe end of ${text}.` };
    });
    await home.ok(["new", "bot", "-d"]);
    for (let turn = 1; turn <= turns; turn++) {
      await home.ok(["send", "bot", "--wait", `turn ${turn}`]);
    }
    // Where the agent listens is asked beforehand: that is no part of the official TUI's start.
    const open = await officialTui(home, "bot");
    const { attach, official } = await interleaved(rounds, {
      attach: () => paint(() => home.terminal(["attach", "bot"], size), detach),
      official: () =>
        paint(
          () => open(size),
          async () => {},
        ),
    });
    const sooner = median(official) / median(attach);
    return [
      {
        what: `first full paint of \`attach\` with ${turns} turns, against the official TUI`,
        measured: `${sooner.toFixed(1)}× sooner`,
        target: `≥ ${soonerLeast}× sooner`,
        met: sooner >= soonerLeast,
        details: `median ${ms(median(attach))}, official ${ms(median(official))}, ${rounds} interleaved runs`,
      },
    ];
  } finally {
    await home.close();
  }
};

/** As a person leaves it, so that Node's compile cache is written as it is for one. */
async function detach(terminal: TestTerminal): Promise<void> {
  terminal.press("ctrl-b", "d");
  await terminal.exited;
}

async function paint(
  open: () => TestTerminal,
  leave: (terminal: TestTerminal) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  const terminal = open();
  await terminal.waitFor(paintedWith(`The end of turn ${turns}.`));
  const took = performance.now() - started;
  await leave(terminal);
  await terminal.close();
  return took;
}
