/** The command line's program: reads it, does it, and ends with the right exit code. */
import { isatty } from "node:tty";
import { absoluteVariables } from "../system/paths.ts";
import { complain, exitCodeOf } from "./complain.ts";
import { Context, type Terminal } from "./context.ts";
import { setOutput, stdout } from "./output.ts";
import { parseQuickly } from "./quick.ts";

const stdin = 0;
const columnsUnknown = 80;

async function main(argv: string[]): Promise<number> {
  if (argv[0] === "__complete") {
    const { complete } = await import("./completion/complete.ts");
    await complete(argv.slice(1));
    return 0;
  }
  // What is started from here, daemon and agents, runs in other directories.
  Object.assign(process.env, absoluteVariables(process.env));
  let context = new Context(provisional(argv), terminal());
  try {
    const parsed =
      (await parseQuickly(argv)) ?? (await import("./program.ts")).parse(argv, terminal().columns);
    if (parsed.kind === "text") {
      context.print(parsed.text);
      return 0;
    }
    context = new Context(parsed.globals, terminal());
    setOutput({
      streams: parsed.kind === "verb" && parsed.verb.streams === true,
      onUnwritable(error) {
        complain(context, error);
        process.exit(exitCodeOf(error));
      },
    });
    if (parsed.kind === "none") {
      const { attachOrHelp } = await import("./attach-or-help.ts");
      return await attachOrHelp(context, parsed.help);
    }
    return (await parsed.verb.run?.(context, parsed.args, parsed.options)) ?? 0;
  } catch (error) {
    complain(context, error);
    return exitCodeOf(error);
  }
}

/** Until the command line is understood, and when it can't be, its errors still go by its --json. */
function provisional(argv: string[]) {
  return { json: argv.includes("--json"), verbose: argv.includes("--verbose"), color: true };
}

function terminal(): Terminal {
  // process.stdin and process.stdout would be opened by asking them, which takes its time.
  const out = isatty(stdout);
  return {
    in: isatty(stdin),
    out,
    columns: out ? process.stdout.columns || columnsUnknown : Number.POSITIVE_INFINITY,
  };
}

// The connection ends with the process: to close it here would open stderr, which takes its time.
main(process.argv.slice(2)).then((code) => process.exit(code));
