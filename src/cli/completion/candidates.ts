/**
 * What a command line that is being typed can go on with. All shells ask here, so what they offer
 * is the table of verbs and the sessions of this moment, and never an old copy of either.
 */
import { visible } from "../../protocol/address.ts";
import type { Approval, SessionInfo } from "../../protocol/session.ts";
import type { DaemonChoice } from "../../system/paths.ts";
import { verbs } from "../commands.ts";
import { globalOptions, type Option, type Verb } from "../verb.ts";

export interface Candidate {
  value: string;
  about?: string;
}

export interface Candidates {
  values: Candidate[];
  /** The shell completes paths itself, in its own way. */
  paths?: "files" | "directories";
}

/** What is known only to the daemon. */
export interface Names {
  sessions(choice: DaemonChoice, all: boolean): Promise<SessionInfo[]>;
  approvals(choice: DaemonChoice, session: string): Promise<Approval[]>;
}

/** `words` are those after the program's name; the last is the one that is typed, maybe empty. */
export async function candidates(words: string[], names: Names): Promise<Candidates> {
  const line = read(joinEquals(words));
  const { values, ...more } = await proposals(line, names);
  const fitting = values.filter(({ value }) => value.startsWith(line.current));
  return {
    values: fitting.map(({ value, ...about }) => ({ value: line.prefix + value, ...about })),
    ...more,
  };
}

interface Line {
  /** The verbs so far: none, one, or `daemon` and the one below it. */
  verb: Verb | undefined;
  below: readonly Verb[];
  args: string[];
  choice: DaemonChoice;
  /** The option whose value is typed. */
  awaiting: Option | undefined;
  current: string;
  /** What stands before the value in the same word: `--for=`. */
  prefix: string;
  optionsEnded: boolean;
}

function read(words: string[]): Line {
  const line: Line = {
    verb: undefined,
    below: verbs,
    args: [],
    choice: {},
    awaiting: undefined,
    current: words.at(-1) ?? "",
    prefix: "",
    optionsEnded: false,
  };
  for (const word of words.slice(0, -1)) readWord(line, word);
  const match = /^(--[^=]+=)(.*)$/s.exec(line.current);
  const option = match && find(line, match[1]!.slice(0, -1));
  if (match && option && takesValue(option)) {
    Object.assign(line, { prefix: match[1], current: match[2], awaiting: option });
  }
  return line;
}

function readWord(line: Line, word: string): void {
  if (line.awaiting) {
    if (line.awaiting.flags.includes("--socket")) line.choice = { ...line.choice, socket: word };
    if (line.awaiting.flags.includes("--label")) line.choice = { ...line.choice, label: word };
    if (line.awaiting.flags.includes("--host")) line.choice = { ...line.choice, host: word };
    line.awaiting = undefined;
  } else if (word === "--") {
    line.optionsEnded = true;
  } else if (word.startsWith("-") && word !== "-" && !line.optionsEnded) {
    const option = find(line, word);
    if (option && takesValue(option)) line.awaiting = option;
  } else if (line.below.length > 0) {
    const verb = line.below.find(({ name, alias }) => name === word || alias === word);
    line.verb = verb ?? line.verb;
    line.below = verb?.verbs ?? [];
    // The verb that help is asked about.
    if (word === "help" && verb === undefined) line.below = verbs;
  } else {
    line.args.push(word);
  }
}

async function proposals(line: Line, names: Names): Promise<Candidates> {
  const { awaiting, verb, current } = line;
  if (awaiting?.choices) return { values: awaiting.choices.map((value) => ({ value })) };
  if (awaiting?.completes === "session")
    return { values: sessionValues(await names.sessions(line.choice, true)) };
  if (awaiting?.completes)
    return { values: [], paths: awaiting.completes === "file" ? "files" : "directories" };
  if (awaiting) return { values: [] };
  if (current.startsWith("-") && !line.optionsEnded)
    return {
      values: optionsOf(line).map((option) => ({ value: longName(option), about: option.about })),
    };
  if (line.below.length > 0)
    return { values: line.below.map(({ name, summary }) => ({ value: name, about: summary })) };
  if (verb === undefined) return { values: [] };
  return { values: await argumentValues(line, verb, names) };
}

async function argumentValues(
  { args, choice }: Line,
  verb: Verb,
  names: Names,
): Promise<Candidate[]> {
  const wanted = verb.arguments ?? [];
  const argument = wanted[args.length] ?? wanted.findLast((flags) => flags.includes("..."));
  if (args.length === 0 && verb.argumentChoices)
    return verb.argumentChoices.map((value) => ({ value }));
  if (argument === "[id]") {
    const waiting = await names.approvals(choice, args[0] ?? "");
    return waiting.map(({ id, kind, command }) => ({
      value: id,
      about: firstLine(command ?? kind),
    }));
  }
  if (argument === undefined || !/^[<[]session/.test(argument)) return [];
  const sessions = await names.sessions(choice, verb.endedToo ?? false);
  return sessionValues(sessions.filter(({ name }) => !args.includes(name)));
}

function sessionValues(sessions: SessionInfo[]): Candidate[] {
  return sessions.map(({ name, state, cwd }) => ({
    value: name,
    about: firstLine(`${state}, ${cwd}`),
  }));
}

function optionsOf(line: Line): Option[] {
  return [
    ...(line.verb?.options ?? []),
    ...globalOptions,
    { flags: "--help", about: "print the help" },
  ];
}

function find(line: Line, word: string): Option | undefined {
  return optionsOf(line).find(({ flags }) => flags.split(/[ ,]+/).includes(word));
}

function takesValue({ flags }: Option): boolean {
  return flags.includes("<");
}

function longName({ flags }: Option): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

function firstLine(text: string): string {
  return visible(text.split("\n")[0]!.replaceAll("\t", " ").slice(0, 60));
}

/** bash breaks words at `=`; what it takes apart is put together as `--option VALUE`. */
function joinEquals(words: string[]): string[] {
  const joined: string[] = [];
  words.forEach((word, place) => {
    if (word !== "=" || !joined.at(-1)?.startsWith("--")) joined.push(word);
    else if (place === words.length - 1) joined.push("");
  });
  return joined;
}
