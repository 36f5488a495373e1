/**
 * What a verb is: one entry of the table in `commands.ts`, which the parser, the help and the
 * completions are all made from, and one function that does it.
 */
import { HacsError } from "../protocol/errors.ts";
import type { Context } from "./context.ts";

export const GROUPS = [
  "Sessions",
  "Messages",
  "Approvals",
  "Lifecycle",
  "History",
  "Daemon and set-up",
] as const;

export interface Verb<Options = Record<string, unknown>> {
  name: string;
  alias?: string;
  group: (typeof GROUPS)[number];
  summary: string;
  /** More than the summary says; a newline begins a line of its own, and others are made to fit. */
  about?: string;
  /** As commander has them: `<session>`, `[id]`, `[text...]`. A `session` is one that exists. */
  arguments?: string[];
  /** What the first argument may be, when that is a fixed list. */
  argumentChoices?: readonly string[];
  /** A session that was ended will do, too. */
  endedToo?: boolean;
  options?: Option[];
  /** A command line without the program's name, and what it does. */
  examples?: [line: string, does: string][];
  /** Verbs below this one; such a verb has no `run`. */
  verbs?: Verb[];
  /** What it prints has no end, or a far one, so it ends when nobody reads that any more. */
  streams?: boolean;
  /** Gives the exit code; nothing is 0. Expected failures are thrown as a HacsError. */
  run?(context: Context, args: string[], options: Options): Promise<number | undefined>;
}

/** A command line, read. */
export interface ParsedVerb {
  kind: "verb";
  verb: Verb;
  args: string[];
  options: Record<string, unknown>;
  globals: GlobalOptions;
}

export interface Option {
  /** As commander has it: `-f, --follow`, `--since <seq>`. */
  flags: string;
  about: string;
  /** Reads the value; throws a HacsError when it breaks the rule. */
  parse?: (value: string) => unknown;
  choices?: readonly string[];
  repeatable?: boolean;
  /** Long names, in camel case, of the options that it can't go with. */
  conflicts?: string[];
  /** What the shell completes its value with; with neither this nor choices, nothing. */
  completes?: "file" | "directory" | "session";
}

/** The options that every verb has. */
export interface GlobalOptions {
  socket?: string;
  label?: string;
  host?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  color: boolean;
}

export const globalOptions: Option[] = [
  {
    flags: "-S, --socket <path>",
    about: "the daemon that serves this socket",
    completes: "file",
    conflicts: ["label"],
  },
  { flags: "-L, --label <name>", about: "the daemon of this label; each label is one of its own" },
  {
    flags: "-H, --host <user@host>",
    about: "the daemon on another machine, over ssh; -S and -L are then that machine's",
    parse: readHost,
  },
  { flags: "--json", about: "output for machines" },
  { flags: "-q, --quiet", about: "no notes on stderr, errors alone", conflicts: ["verbose"] },
  { flags: "-v, --verbose", about: "say more on stderr" },
  { flags: "--no-color", about: "plain text" },
];

/** ssh's destination, and no option of its: the rest is said by ssh. */
function readHost(value: string): string {
  if (/^[^\s-][^\s]*$/.test(value)) return value;
  throw new HacsError(
    "invalid-usage",
    `-H takes what ssh takes: user@host, or a name of ~/.ssh/config; got "${value}".`,
  );
}

export function wholeNumber(option: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
    throw new HacsError(
      "invalid-usage",
      `${option} takes a whole number, 0 or more; got "${value}".`,
    );
  };
}
