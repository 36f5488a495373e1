/** The config file: one JSON object, every member optional, anything else an error. */
import { existsSync, readFileSync } from "node:fs";
import { NAME_RULE, quote } from "../protocol/address.ts";
import { isDuration } from "../protocol/duration.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import { isOff } from "../protocol/limits.ts";
import { isObject, type Json } from "../protocol/messages.ts";
import { limits } from "../protocol/methods.ts";
import { ON_CRASH, type OnCrash } from "../protocol/session.ts";
import { type HookConfig, wrongHooks } from "./hook-config.ts";
import { prefixRule } from "./settings.ts";

export interface Config {
  /** The codex to run, when it is not the one on PATH. */
  codex?: string;
  /** The least that is logged. */
  logLevel?: "debug" | "info" | "warn" | "error";
  /** The terminal UI's: its prefix key, and whether it rings; `settings.ts` reads them. */
  prefix?: string;
  notify?: boolean;
  /** Where it listens besides its socket, each `ADDR:PORT`. */
  listen?: string[];
  /** PEM files; without them only loopback, or what is behind a proxy. */
  tlsCert?: string;
  tlsKey?: string;
  /** Addresses and networks of the proxies that are let in and believed. */
  behindProxy?: string[];
  /** Names that a request's Host may have, beside the addresses. */
  allowedHosts?: string[];
  /** Origins of web pages that may ask. */
  allowedOrigins?: string[];
  /** How hacs-session is called on other machines, over ssh. */
  remoteCommand?: string;
  /** What this daemon calls itself to its peers; the host's name when left out. */
  name?: string;
  /** How long and how much of a session's history is kept, unless the session says otherwise. */
  keep?: string;
  keepSize?: string;
  keepAudit?: string;
  /** Whether an agent is asked to go on with a turn in which it died; `hold` when left out. */
  onCrash?: OnCrash;
  /** What an agent, with all that it starts, may take: `2G`, `1.5`. */
  memory?: string;
  cpus?: number;
  /** How long an agent may leave a question unanswered before it counts as stalled. */
  stallAfter?: string;
  /** How many agents run at once; other sessions wait. */
  maxAgents?: number;
  /** What bounds sessions, unless they say otherwise: `never` and `0` are no bound. */
  idleTimeout?: string;
  ttl?: string;
  maxTurnTime?: string;
  maxQueued?: number;
  /** How much of messages may wait, as `32M`: of a session, and in all sessions together. */
  maxQueuedSize?: string;
  maxQueuedSizeInAll?: string;
  /** Of each client. */
  maxMessagesPerMinute?: number;
  /** Where its history is collected with that of others: a Postgres. Its password may be in a file. */
  archive?: string;
  archivePasswordFile?: string;
  /** How much longer than `keep` a record stays that the archive does not have. */
  archiveHold?: string;
  /** What is taken out of all that is stored or shown, besides what is built in. */
  redact?: Record<string, string | false>;
  /** What is run or posted when something happens in a session. */
  hooks?: HookConfig[];
  /** Metrics have the session's name as a label, too. */
  metricsPerSession?: boolean;
  /** When the daemon's log is parted, and how many parts there are. */
  logSize?: string;
  logFiles?: number;
}

interface Member {
  /** What it is to be, as an error says it: "logLevel is one of debug, …". */
  rule: string;
  holds: (value: Json) => boolean;
  /** Of one that may hold secrets: what is wrong, in words without them. */
  wrong?: (value: Json) => string | undefined;
  /** It may hold a password, so an error does not repeat it. */
  secret?: true;
}

const like = (pattern: string, rule: string): Member => ({
  rule,
  holds: (value) => typeof value === "string" && new RegExp(pattern).test(value),
});
const oneOf = (...values: string[]): Member => ({
  rule: `one of ${values.join(", ")}`,
  holds: (value) => values.includes(value as string),
});
const flag: Member = { rule: "true or false", holds: (value) => typeof value === "boolean" };
const listMax = 100;
const listOf = (pattern: string, about: string): Member => ({
  rule: `a list of ${about}, at most ${listMax}`,
  holds: (value) =>
    Array.isArray(value) && value.length <= listMax && value.every(like(pattern, about).holds),
});
const count = (most: number): Member => ({
  rule: `a whole number from 1 to ${most}`,
  holds: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most,
});
const absolutePath = like("^/", "an absolute path");

/** `12h` or `30d`, up to a year. */
const duration = "^([1-9][0-9]{0,2}h|([1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-5])d)$";

const size = like("^[1-9][0-9]{0,6}[KMGT]$", "a size as 100M");
/** `30m`, up to a year, or `never`. */
const timeLimit: Member = {
  rule: 'a time as 30m, up to a year, or "never"',
  holds: (value) => typeof value === "string" && (isOff(value) || isDuration(value)),
};

const members: { [Name in keyof Config]-?: Member } = {
  codex: like(".", "the path of a codex"),
  logLevel: oneOf("debug", "info", "warn", "error"),
  prefix: like(prefixRule, "a key as C-a, C-Space or M-a, and none that means Enter or Tab"),
  notify: flag,
  listen: listOf("^.*:[0-9]+$", "addresses as 127.0.0.1:9100"),
  tlsCert: absolutePath,
  tlsKey: absolutePath,
  behindProxy: listOf("^[0-9A-Fa-f:.]+(/[0-9]+)?$", "IP addresses or networks as 10.0.0.0/8"),
  allowedHosts: listOf(
    "^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?$",
    "names as team.example or team.example:8443",
  ),
  // As browsers send it: no path, no slash at the end, and never "null" or "*".
  allowedOrigins: listOf("^[a-z][a-z0-9+.-]*://[^/\\s*]+$", "origins as https://app.example"),
  remoteCommand: like(".", "how a shell on another machine calls hacs-session"),
  name: like(NAME_RULE.source, "a name by the rule for sessions' names"),
  keep: like(duration, "a time as 30d"),
  keepSize: size,
  keepAudit: like(duration, "a time as 365d"),
  onCrash: oneOf(...ON_CRASH),
  memory: like("^[1-9][0-9]{0,6}[MGT]$", "a size as 2G"),
  cpus: {
    rule: `a number of CPUs from ${limits.cpusMin} to ${limits.cpusMax}, as 1.5`,
    holds: (value) =>
      typeof value === "number" && value >= limits.cpusMin && value <= limits.cpusMax,
  },
  stallAfter: like("^([1-9][0-9]{0,3}s|[1-9][0-9]{0,2}m)$", "a time as 30s or 2m"),
  maxAgents: count(10_000),
  idleTimeout: timeLimit,
  ttl: timeLimit,
  maxTurnTime: timeLimit,
  maxQueued: count(limits.messagesMax),
  maxQueuedSize: size,
  maxQueuedSizeInAll: size,
  maxMessagesPerMinute: count(1_000_000),
  archive: {
    ...like("^postgres(ql)?://\\S+$", "a URL as postgres://user@db.example/history"),
    secret: true,
  },
  archivePasswordFile: absolutePath,
  archiveHold: like(duration, "a time as 30d"),
  redact: {
    rule: "an object of patterns by their names, or false for a built-in one",
    holds: (value) =>
      isObject(value) &&
      Object.values(value).every(
        (pattern) => pattern === false || (typeof pattern === "string" && pattern !== ""),
      ),
  },
  hooks: {
    rule: "a list of hooks",
    holds: (value) => wrongHooks(value) === undefined,
    wrong: wrongHooks,
  },
  metricsPerSession: flag,
  logSize: size,
  logFiles: {
    rule: "a whole number from 1 to 100",
    holds: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100,
  },
};

/** Throws `config-invalid`. A file that is not there is an empty one, and is not made. */
export function readConfig(file: string): Config {
  if (!existsSync(file)) return {};
  try {
    return valid(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new HacsError(
      "config-invalid",
      `The config file ${quote(file)} can't be used: ${withoutText(messageOf(error))}.`,
      `Correct it, or move it away. It is one JSON object that may have: ${Object.keys(members).join(", ")}.`,
    );
  }
}

/** What is no JSON is told with the text around it, and a password may stand there. */
function withoutText(message: string): string {
  return message.replace(/, (?:\.{3})?"[\s\S]*is not valid JSON$/, " where JSON has none");
}

function valid(config: Json): Config {
  if (!isObject(config)) throw new Error("it is not an object");
  for (const [name, value] of Object.entries(config)) {
    if (!isMember(name)) throw new Error(`there is no member ${quote(name)}`);
    const { rule, holds, wrong, secret } = members[name];
    if (value !== undefined && holds(value)) continue;
    if (wrong !== undefined && value !== undefined)
      throw new Error(`${name}${wrong(value)?.replace(/^(?!\[)/, " ")}`);
    throw new Error(`${name} is ${rule}${secret ? "" : `; got ${JSON.stringify(value)}`}`);
  }
  return config;
}

const isMember = (name: string): name is keyof Config => Object.hasOwn(members, name);
