import { existsSync } from "node:fs";
import { pathsFor } from "../../../system/paths.ts";
import type { Context } from "../../context.ts";
import { runThere } from "../../run-there.ts";
import { logLine } from "../../text/log-line.ts";
import { type Verb, wholeNumber } from "../../verb.ts";

const linesDefault = 100;

export const daemonLogs: Verb<{ follow?: boolean; lines?: number }> = {
  name: "logs",
  group: "Daemon and set-up",
  summary: "print the daemon's log, and follow it",
  about:
    "It is read from the disk, so it works when no daemon runs, and goes on when one is started.",
  options: [
    { flags: "-f, --follow", about: "go on with what comes, until ^C" },
    {
      flags: "-n, --lines <count>",
      about: `the last so many lines (${linesDefault}), whatever part of the log they are in`,
      parse: wholeNumber("--lines"),
    },
  ],
  examples: [
    ["daemon logs -f", "what it does, as it does it"],
    ["daemon logs -n 1000 --json", "the lines as they are: JSON, for jq"],
  ],
  streams: true,
  async run(context, _args, { follow = false, lines = linesDefault }) {
    if (context.choice.host !== undefined) {
      const words = ["daemon", "logs", "--json", "-n", String(lines), ...(follow ? ["-f"] : [])];
      return runThere(context, words, {
        held: follow,
        // In a terminal there its notes come the same way.
        onLine: (line) => (line.startsWith("{") ? print(context, [line]) : context.note(line)),
      });
    }
    const { logFile } = pathsFor(context.choice, context.env);
    const { LogReader } = await import("../../log-reader.ts");
    const reader = new LogReader(logFile);
    const last = reader.last(lines);
    if (last.length === 0 && !follow && !existsSync(logFile))
      context.note(`There is no log yet: ${logFile}`);
    print(context, last);
    // Ctrl-C ends the program itself.
    if (follow)
      await reader.follow(() => print(context, reader.more()), new AbortController().signal);
    reader.close();
    return undefined;
  },
};

function print(context: Context, lines: string[]): void {
  if (lines.length === 0) return;
  const paint = context.paint.bind(context);
  const shown = context.json ? lines : lines.map((line) => logLine(line, paint));
  context.print(shown.join("\n"));
}
