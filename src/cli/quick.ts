/**
 * Reads the plain command lines, those whose options are flags without a value, to the same result as
 * `program.ts` would, but without the other verbs and without commander, which take half of a short
 * command's time to load. Whatever is not plain, or not right, is commander's.
 */
import { loadVerb } from "./load-verb.ts";
import {
  type GlobalOptions,
  globalOptions,
  type Option,
  type ParsedVerb,
  type Verb,
} from "./verb.ts";

export async function parseQuickly(argv: string[]): Promise<ParsedVerb | undefined> {
  const [first = "", ...words] = argv;
  const verb = await loadVerb(first);
  if (verb === undefined || verb.verbs) return undefined;
  const args: string[] = [];
  const options: Record<string, unknown> = {};
  const globals: GlobalOptions & Record<string, unknown> = { color: true };
  for (const word of words) {
    if (!word.startsWith("-") || word === "-") {
      args.push(word);
      continue;
    }
    const own = flag(verb.options, word);
    const known = own ?? flag(globalOptions, word);
    if (known === undefined) return undefined;
    const { name, value } = attribute(known);
    if (own) options[name] = value;
    else globals[name] = value;
  }
  const fits =
    countFits(verb, args.length) &&
    !verb.argumentChoices &&
    !conflict(verb, { ...options, ...globals });
  return fits ? { kind: "verb", verb, args, options, globals } : undefined;
}

/** The option that is written so, when it takes no value. */
function flag(options: readonly Option[] = [], word: string): Option | undefined {
  const option = options.find(({ flags }) => flags.split(/[ ,]+/).includes(word));
  return option === undefined || option.flags.includes("<") ? undefined : option;
}

/** Whether two of those given do not go together. */
function conflict({ options = [] }: Verb, given: Record<string, unknown>): boolean {
  return [...options, ...globalOptions].some(
    (option) =>
      attribute(option).name in given && option.conflicts?.some((other) => other in given),
  );
}

/** `--for-session` is `forSession: true`, and `--no-color` is `color: false`. */
function attribute({ flags }: Option): { name: string; value: boolean } {
  const long = /--(no-)?([a-z-]+)/.exec(flags);
  const name = (long?.[2] ?? "").replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { name, value: long?.[1] === undefined };
}

function countFits({ arguments: wanted = [] }: Verb, count: number): boolean {
  const least = wanted.filter((argument) => argument.startsWith("<")).length;
  const most = wanted.some((argument) => argument.includes("..."))
    ? Number.POSITIVE_INFINITY
    : wanted.length;
  return count >= least && count <= most;
}
