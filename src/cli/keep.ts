/** `--keep` and `--keep-size`: what is kept of a session's history. */
import { parseDuration } from "../protocol/duration.ts";
import type { Keep } from "../protocol/session.ts";
import { parseSize } from "../protocol/size.ts";
import type { Option } from "./verb.ts";

export interface KeepOptions {
  keep?: number | null;
  keepSize?: number | null;
}

export const keepOptions: Option[] = [
  {
    flags: "--keep <time>",
    about: "drop what is older: 30d, 12h; forever; default, as the config has it",
    parse: (text) => word(text, parseDuration),
  },
  {
    flags: "--keep-size <size>",
    about: "drop the oldest of what is more: 100M, 2G; forever; default",
    parse: (text) => word(text, parseSize),
  },
];

/** Undefined when neither was given. */
export function keepOf({ keep, keepSize }: KeepOptions): Keep | undefined {
  if (keep === undefined && keepSize === undefined) return undefined;
  return {
    ...(keep === undefined ? {} : { ageMs: keep }),
    ...(keepSize === undefined ? {} : { bytes: keepSize }),
  };
}

function word(text: string, parse: (text: string) => number): number | null {
  if (text === "default") return null;
  return text === "forever" ? 0 : parse(text);
}
