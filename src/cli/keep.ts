/** `--keep` and `--keep-size`: what is kept of a session's history. */
import { parseDuration } from "../protocol/duration.ts";
import type { Keep } from "../protocol/session.ts";
import { parseSize } from "../protocol/size.ts";
import type { Option } from "./verb.ts";

export interface KeepOptions {
  keep?: Word;
  keepSize?: Word;
}

/** What the config has is a word of its own: the parser of the command line drops a null. */
export type Word = number | "default";

export const keepOptions: Option[] = [
  {
    flags: "--keep <time>",
    about: "drop what is older: 30d, 12h; forever; default, as the config has it",
    parse: (text) => readWord(text, "forever", parseDuration),
  },
  {
    flags: "--keep-size <size>",
    about: "drop the oldest of what is more: 100M, 2G; forever; default",
    parse: (text) => readWord(text, "forever", parseSize),
  },
];

/** Undefined when neither was given. */
export function keepOf({ keep, keepSize }: KeepOptions): Keep | undefined {
  if (keep === undefined && keepSize === undefined) return undefined;
  return {
    ...(keep === undefined ? {} : { ageMs: wordOf(keep) }),
    ...(keepSize === undefined ? {} : { bytes: wordOf(keepSize) }),
  };
}

/** As the daemon has it. */
export function wordOf(word: Word): number | null {
  return word === "default" ? null : word;
}

/** `none` is what no limit is called. */
export function readWord(text: string, none: string, parse: (text: string) => number): Word {
  if (text === "default") return text;
  return text === none ? 0 : parse(text);
}
