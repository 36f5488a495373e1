/**
 * The least scope that a method of codex's own needs. codex has over a hundred and gains more each
 * week, many of which run commands or write files outside any sandbox, so what is not known here to
 * be harmless is the administrator's.
 */
import type { Scope } from "../../protocol/access.ts";
import type { JsonObject } from "../../protocol/messages.ts";

const OBSERVE = new Set([
  "account/rateLimits/read",
  "mcpServerStatus/list",
  "model/list",
  "permissionProfile/list",
  "skills/list",
  "thread/goal/get",
  "thread/items/list",
  "thread/read",
  "thread/turns/list",
]);

/** What a message to the session could bring about just as well. */
const PROMPT = new Set([
  "fuzzyFileSearch",
  "review/start",
  "thread/compact/start",
  "thread/goal/clear",
  "thread/goal/set",
  "thread/revert",
  "turn/interrupt",
]);

/** Those that loosen nothing; the others are about the sandbox and what is asked for. */
const HARMLESS_SETTINGS = new Set(["effort", "model", "summary", "threadId"]);

export function codexScope(method: string, params: JsonObject): Scope {
  if (OBSERVE.has(method)) return "observe";
  if (PROMPT.has(method)) return "prompt";
  if (method === "thread/settings/update" && Object.keys(params).every(isHarmless)) return "prompt";
  return "admin";
}

function isHarmless(setting: string): boolean {
  return HARMLESS_SETTINGS.has(setting);
}
