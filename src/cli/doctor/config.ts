/** The config file, by the daemon's rules, which are in `src/daemon/config.ts`; a test compares. */
import { existsSync, readFileSync } from "node:fs";
import { NAME_RULE, quote, visible } from "../../protocol/address.ts";
import { messageOf } from "../../protocol/errors.ts";
import { isObject, type Json } from "../../protocol/messages.ts";
import type { Paths } from "../../system/paths.ts";
import { listMax, listRules, pathRule } from "../../system/port-settings.ts";
import { durationRule, prefixRule, sizeRule } from "../../system/settings.ts";
import type { Finding } from "./finding.ts";

const LOG_LEVELS: Json[] = ["debug", "info", "warn", "error"];

interface Member {
  rule: string;
  holds: (value: Json) => boolean;
}

const fits = (pattern: string, value: Json | undefined) =>
  typeof value === "string" && new RegExp(pattern).test(value);

const listOf = ({ pattern, about }: { pattern: string; about: string }): Member => ({
  rule: `a list of ${about}, at most ${listMax}`,
  holds: (value) =>
    Array.isArray(value) && value.length <= listMax && value.every((one) => fits(pattern, one)),
});

const absolutePath: Member = {
  rule: "an absolute path",
  holds: (value) => fits(pathRule, value),
};

const MEMBERS: Record<string, Member> = {
  codex: {
    rule: "the path of a codex",
    holds: (value) => typeof value === "string" && value !== "",
  },
  logLevel: {
    rule: `one of ${LOG_LEVELS.join(", ")}`,
    holds: (value) => LOG_LEVELS.includes(value),
  },
  prefix: {
    rule: "a key as C-a, C-Space or M-a, and none that means Enter or Tab",
    holds: (value) => isLike(value, prefixRule),
  },
  notify: { rule: "true or false", holds: (value) => typeof value === "boolean" },
  listen: listOf(listRules.listen),
  tlsCert: absolutePath,
  tlsKey: absolutePath,
  behindProxy: listOf(listRules.behindProxy),
  allowedHosts: listOf(listRules.allowedHosts),
  allowedOrigins: listOf(listRules.allowedOrigins),
  keep: { rule: "a time as 30d", holds: (value) => isLike(value, durationRule) },
  keepSize: { rule: "a size as 100M", holds: (value) => isLike(value, sizeRule) },
  keepAudit: { rule: "a time as 365d", holds: (value) => isLike(value, durationRule) },
  redact: {
    rule: "an object of patterns by their names, or false for a built-in one",
    holds: (value) =>
      isObject(value) &&
      Object.values(value).every(
        (pattern) => pattern === false || (typeof pattern === "string" && pattern !== ""),
      ),
  },
  remoteCommand: {
    rule: "how a shell on another machine calls hacs-session",
    holds: (value) => typeof value === "string" && value !== "",
  },
  name: {
    rule: "a name by the rule for sessions' names",
    holds: (value) => typeof value === "string" && NAME_RULE.test(value),
  },
};

function isLike(value: Json, rule: string): boolean {
  return typeof value === "string" && new RegExp(rule).test(value);
}

export function checkConfig({ configFile }: Pick<Paths, "configFile">): Finding {
  const check = "config";
  if (!existsSync(configFile))
    return { check, status: "ok", detail: `${configFile}, none (not needed)` };
  try {
    const wrong = faultOf(JSON.parse(readFileSync(configFile, "utf8")));
    if (wrong !== undefined) throw new Error(wrong);
    return { check, status: "ok", detail: configFile };
  } catch (error) {
    return {
      check,
      status: "fail",
      detail: `${configFile} can't be used: ${visible(messageOf(error))}`,
      mend: `Correct it, or move it away. It is one JSON object that may have: ${Object.keys(MEMBERS).join(", ")}.`,
    };
  }
}

function faultOf(config: Json): string | undefined {
  if (!isObject(config)) return "it is not an object";
  for (const [name, value] of Object.entries(config)) {
    const member = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (member === undefined) return `there is no member ${quote(name)}`;
    if (value === undefined || !member.holds(value))
      return `${name} is ${member.rule}; got ${JSON.stringify(value)}`;
  }
  return undefined;
}
