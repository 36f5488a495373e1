/** Reads a command line by the table of verbs. Nothing here runs a verb or prints. */
import {
  Argument,
  Command,
  CommanderError,
  Option as CommanderOption,
  InvalidArgumentError,
} from "commander";
import { quote } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import { version } from "../system/version.ts";
import { verbs } from "./commands.ts";
import { sentence, verbHelp } from "./help.ts";
import { overview } from "./overview.ts";
import {
  type GlobalOptions,
  globalOptions,
  type Option,
  type ParsedVerb,
  type Verb,
} from "./verb.ts";

export type Parsed =
  | ParsedVerb
  /** No verb was given. */
  | { kind: "none"; globals: GlobalOptions; help: string }
  /** Help or the version was asked for. */
  | { kind: "text"; text: string };

/** Throws `invalid-usage`, or what an option's own `parse` threw. Help is for so many columns. */
export function parse(argv: string[], columns: number = Number.POSITIVE_INFINITY): Parsed {
  if (argv[0] === "help") return { kind: "text", text: helpAbout(argv.slice(1), columns) };
  const out: string[] = [];
  let parsed: Parsed | undefined;
  const root = build(mentioned(argv), out, columns, (found) => {
    parsed = found;
  });
  try {
    root.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.help" && error.exitCode !== 0) {
      if (root.args.length > 0) throw missingVerb(root.args);
      return { kind: "none", globals: globalsOf([root]), help: root.helpInformation() };
    }
    if (error.exitCode !== 0) throw usageError(error, argv);
    return { kind: "text", text: out.join("").trimEnd() };
  }
  if (parsed === undefined) throw new Error("no verb's action was called");
  return parsed;
}

/** `help`, `help send`, `help daemon stop`; options after it change nothing. */
function helpAbout(words: string[], columns: number): string {
  let above: Verb | undefined;
  let verb: Verb | undefined;
  for (const word of words.filter((one) => !one.startsWith("-"))) {
    const table = verb === undefined ? verbs : (verb.verbs ?? []);
    const found = table.find(({ name, alias }) => name === word || alias === word);
    // What may follow a verb without others below it is no concern of the help's.
    if (found === undefined && (verb === undefined || verb.verbs)) throw unknownVerb(word, verb);
    if (found !== undefined) [above, verb] = [verb, found];
  }
  return verb === undefined ? overview(columns) : verbHelp(verb, above, columns);
}

function unknownVerb(word: string, above: Verb | undefined): HacsError {
  const below = above?.verbs?.map(({ name }) => name).join(", ");
  return new HacsError(
    "invalid-usage",
    `There is no verb ${quote(above ? `${above.name} ${word}` : word)}.`,
    below ? `There are: ${below}.` : "All of them: hacs-session help",
  );
}

/** The verbs that a command line can be about: building the others would take half the time. */
function mentioned(argv: string[]): readonly Verb[] {
  const found = verbs.filter(
    ({ name, alias }) => argv.includes(name) || (alias !== undefined && argv.includes(alias)),
  );
  return found.length > 0 ? found : verbs;
}

function build(
  table: readonly Verb[],
  out: string[],
  columns: number,
  found: (parsed: Parsed) => void,
): Command {
  const root = new Command("hacs-session")
    .version(version, "-V, --version")
    .helpOption("-h, --help", "print this help")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.push(text), writeErr: () => {} });
  for (const option of globalOptions) root.addOption(toCommander(option));
  for (const verb of table) add(root, [root], verb, columns, found);
  root.helpCommand(false);
  root.helpInformation = () => `${overview(columns)}\n`;
  return root;
}

const globalNames = new Set(globalOptions.map((option) => toCommander(option).attributeName()));

function add(
  parent: Command,
  above: Command[],
  verb: Verb,
  columns: number,
  found: (parsed: Parsed) => void,
  parentVerb?: Verb,
): void {
  const command = parent.command(verb.name);
  command.helpOption("-h, --help");
  command.helpInformation = () => `${verbHelp(verb, parentVerb, columns)}\n`;
  if (verb.alias) command.alias(verb.alias);
  verb.arguments?.forEach((flags, place) => {
    const argument = new Argument(flags);
    if (place === 0 && verb.argumentChoices) argument.choices(verb.argumentChoices);
    command.addArgument(argument);
  });
  for (const option of verb.options ?? []) command.addOption(toCommander(option));
  for (const option of globalOptions) command.addOption(toCommander(option));
  const chain = [...above, command];
  if (verb.verbs) {
    command.enablePositionalOptions().helpCommand(false);
    for (const below of verb.verbs) add(command, chain, below, columns, found, verb);
    return;
  }
  command.action((...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .filter((word) => word !== undefined) as string[];
    const options = Object.fromEntries(
      Object.entries(command.opts()).filter(([name]) => !globalNames.has(name)),
    );
    found({ kind: "verb", verb, args, options, globals: globalsOf(chain) });
  });
}

function toCommander(option: Option): CommanderOption {
  const made = new CommanderOption(option.flags, option.about);
  if (option.choices) made.choices(option.choices);
  if (option.conflicts) made.conflicts(option.conflicts);
  const read = option.parse ?? ((value: string) => value);
  if (option.repeatable) {
    made.argParser((value: string, before: unknown[] | undefined) => [
      ...(before ?? []),
      read(value),
    ]);
  } else if (option.parse) {
    made.argParser(read);
  }
  return made;
}

/** A global option may stand before or after the verb; the nearer to the end, the stronger. */
function globalsOf(chain: Command[]): GlobalOptions {
  const given = chain.map((command) =>
    Object.fromEntries(Object.entries(command.opts()).filter(([name]) => globalNames.has(name))),
  );
  const merged: GlobalOptions = Object.assign({}, ...given, {
    color: given.every(({ color }) => color),
  });
  for (const [one, other] of [
    ["socket", "label"],
    ["quiet", "verbose"],
  ] as const) {
    if (merged[one] !== undefined && merged[other] !== undefined)
      throw new HacsError(
        "invalid-usage",
        `--${one} and --${other} exclude each other.`,
        "Give one of the two.",
      );
  }
  return merged;
}

function usageError(error: CommanderError, argv: string[]): HacsError {
  const cause = (error as { cause?: unknown }).cause;
  if (cause instanceof InvalidArgumentError) throw new Error(messageOf(cause));
  const [first = "", hint] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /Did you mean (?:one of )?(.*)\?\)/.exec(hint ?? "")?.[1];
  const help = ["hacs-session help", ...verbWords(argv)].join(" ");
  const next = suggestion ? `Did you mean ${suggestion}? All of it: ${help}` : `See: ${help}`;
  return new HacsError("invalid-usage", sentence(first), next);
}

/** The verb that a command line is about, and the one below it: `token new` is not `new`. */
function verbWords(argv: string[]): string[] {
  const named = (word: string) => (verb: Verb) => verb.name === word || verb.alias === word;
  const at = argv.findIndex((word) => verbs.some(named(word)));
  const verb = verbs.find(named(argv[at] ?? ""));
  const below = verb?.verbs?.find(named(argv[at + 1] ?? ""));
  return [verb, below].flatMap((one) => (one === undefined ? [] : [one.name]));
}

function missingVerb(args: string[]): HacsError {
  const verb = verbs.find(({ name }) => name === args[0]);
  if (verb === undefined) return unknownVerb(args[0] ?? "", undefined);
  const below = verb.verbs?.map(({ name }) => name).join(", ") ?? "";
  return new HacsError(
    "invalid-usage",
    `${args[0]} takes one of: ${below}.`,
    `See: hacs-session help ${args[0]}`,
  );
}
