/** The options of `new` and `update` for what bounds a session. */
import { parseDuration } from "../protocol/duration.ts";
import { HacsError } from "../protocol/errors.ts";
import { isOff, type Limits } from "../protocol/limits.ts";
import { type Word, wordOf } from "./keep.ts";
import { type Option, wholeNumber } from "./verb.ts";

export interface LimitOptions {
  idleTimeout?: Word;
  ttl?: Word;
  maxTurnTime?: Word;
  maxQueued?: Word;
}

export const limitOptions: Option[] = [
  {
    flags: "--idle-timeout <time>",
    about: "put its agent to sleep after so long a rest: 30m, never; default, as the config has it",
    parse: time,
  },
  {
    flags: "--ttl <time>",
    about: "end the session so long after now: 8h, never; default",
    parse: time,
  },
  {
    flags: "--max-turn-time <time>",
    about: "interrupt a turn that takes longer: 1h, never; default",
    parse: time,
  },
  {
    flags: "--max-queued <count>",
    about: "refuse messages when so many wait; default",
    parse: messages,
  },
];

/** Undefined when none was given. */
export function limitsOf(options: LimitOptions): Limits | undefined {
  const { idleTimeout, ttl, maxTurnTime, maxQueued } = options;
  const limits: Limits = {
    ...(idleTimeout === undefined ? {} : { idleTimeoutMs: wordOf(idleTimeout) }),
    ...(ttl === undefined ? {} : { ttlMs: wordOf(ttl) }),
    ...(maxTurnTime === undefined ? {} : { maxTurnTimeMs: wordOf(maxTurnTime) }),
    ...(maxQueued === undefined ? {} : { maxQueued: wordOf(maxQueued) }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function time(text: string): Word {
  if (text === "default") return text;
  return isOff(text) ? 0 : parseDuration(text);
}

function messages(text: string): Word {
  if (text === "default") return text;
  const count = wholeNumber("--max-queued")(text);
  if (count > 0) return count;
  throw new HacsError(
    "invalid-usage",
    "--max-queued takes 1 or more, or default; got 0.",
    "Try --max-queued 100.",
  );
}
