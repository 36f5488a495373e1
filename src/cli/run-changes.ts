/** The options of `update` for how a session's agent is run. */
import { HacsError } from "../protocol/errors.ts";
import { limits } from "../protocol/methods.ts";
import { ON_CRASH, type OnCrash, type RunChanges } from "../protocol/session.ts";
import { parseSize } from "../protocol/size.ts";
import { readWord, type Word, wordOf } from "./keep.ts";
import { readCpus } from "./text/resources.ts";
import type { Option } from "./verb.ts";

export interface RunOptions {
  onCrash?: OnCrash | "default";
  memory?: Word;
  cpus?: Word;
}

export const runOptions: Option[] = [
  {
    flags: "--on-crash <what>",
    about: "after a crash in the middle of a turn; default, as the config has it",
    choices: [...ON_CRASH, "default"],
  },
  {
    flags: "--memory <size>",
    about: "the most that the agent and what it starts may take: 2G; none; default",
    parse: (text) => readWord(text, "none", readMemory),
  },
  {
    flags: "--cpus <number>",
    about: "the most CPUs at a time: 1.5; none; default",
    parse: (text) => readWord(text, "none", readCpus),
  },
];

/** Undefined when none was given. */
export function runOf({ onCrash, memory, cpus }: RunOptions): RunChanges | undefined {
  const run: RunChanges = {
    ...(onCrash === undefined ? {} : { onCrash: onCrash === "default" ? null : onCrash }),
    ...(memory === undefined ? {} : { memoryBytes: wordOf(memory) }),
    ...(cpus === undefined ? {} : { cpus: wordOf(cpus) }),
  };
  return Object.keys(run).length === 0 ? undefined : run;
}

function readMemory(text: string): number {
  const bytes = parseSize(text);
  if (bytes >= limits.memoryBytesMin) return bytes;
  throw new HacsError(
    "invalid-usage",
    `--memory takes 64M or more, none or default; got "${text}".`,
    "Try --memory 2G.",
  );
}
