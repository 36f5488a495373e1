/**
 * What a client of codex's own protocol needs for each of codex's methods. codex has over a
 * hundred and gains more each week, many of which run commands or write files outside any
 * sandbox, so a method that is not in this table is the administrator's.
 *
 * Every reason is one of five. It reads what the client sees anyway. It shows how codex is set up,
 * without which no client of codex's can draw itself. It lists threads, of which only the
 * session's is passed on. A message to the session could bring it about as well. It answers what
 * codex asks.
 */
import { includes, type Scope } from "../../protocol/access.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Narrowing } from "./narrowed.ts";

export interface Rule {
  scope: Scope;
  /** What a client below admin may say in its params; what else there is, is left out. */
  keep?: readonly string[];
  /** The same, but what else there is, is refused: without it the call would be another one. */
  only?: readonly string[];
  /** It is about a thread, and has to say which. */
  thread?: true;
  /** What of its answer goes on to a client below admin; without it, all. */
  narrow?: Narrowing;
  /** It is not worth a record of who did it. */
  quiet?: true;
}

const input = ["input", "clientUserMessageId"];
/** How the model works; the sandbox, the directory and who is asked for approval are not in it. */
const tuning = ["model", "effort", "summary", "personality", "serviceTier", "collaborationMode"];

const SETUP = [
  "account/bedrock/checkGovCloudRequirements",
  "account/rateLimits/read",
  "account/read",
  "account/usage/read",
  "collaborationMode/list",
  "configRequirements/read",
  "experimentalFeature/list",
  "mcpServerStatus/list",
  "model/list",
  "modelProvider/capabilities/read",
  "permissionProfile/list",
  "plugin/installed",
  "skills/list",
];

const THREAD_READS = [
  "thread/attachment/list",
  "thread/backgroundTerminals/list",
  "thread/goal/get",
  "thread/items/list",
  "thread/items/read",
  "thread/queue/list",
  "thread/read",
  "thread/timeline/list",
  "thread/turns/list",
  "thread/unsubscribe",
];

const PROMPTS = [
  "fuzzyFileSearch",
  "fuzzyFileSearch/sessionStart",
  "fuzzyFileSearch/sessionStop",
  "fuzzyFileSearch/sessionUpdate",
  "thread/readState/update",
];

const THREAD_PROMPTS = [
  "thread/compact/start",
  "thread/goal/clear",
  "thread/goal/set",
  "thread/name/set",
  "thread/prediction/request",
  "thread/queue/add",
  "thread/queue/delete",
  "thread/queue/reorder",
  "thread/queue/start",
  "thread/queue/update",
  "thread/revert",
  "turn/interrupt",
];

const RULES = new Map<string, Rule>([
  ["initialize", { scope: "observe" }],
  ...rules(SETUP, { scope: "observe" }),
  ...rules(THREAD_READS, { scope: "observe", thread: true }),
  // What a running thread is resumed with is how it would be loaded anew, or from another file.
  ["thread/resume", threadRule("observe", ["excludeTurns", "initialTurnsPage"])],
  // It becomes a `thread/resume`: a session is one thread.
  ["thread/start", { scope: "observe" }],
  ["thread/list", { scope: "observe", narrow: "own-thread" }],
  ["thread/loaded/list", { scope: "observe", narrow: "own-thread" }],
  // The rest of the configuration may hold keys, tokens and commands.
  ["config/read", { scope: "observe", keep: ["cwd"], narrow: "plain-config" }],
  ...rules(PROMPTS, { scope: "prompt", quiet: true }),
  ...rules(THREAD_PROMPTS, { scope: "prompt", thread: true }),
  // codex's TUI tells its own idea of the sandbox with every message.
  ["turn/start", threadRule("prompt", [...input, ...tuning, "outputSchema", "turnTrigger"])],
  ["turn/steer", threadRule("prompt", [...input, "expectedTurnId"])],
  // A detached review begins a thread of its own.
  ["review/start", threadRule("prompt", ["target"])],
  ["thread/settings/update", { scope: "prompt", thread: true, only: ["threadId", ...tuning] }],
  ["thread/approveGuardianDeniedAction", { scope: "approve", thread: true }],
]);

function threadRule(scope: Scope, keep: string[]): Rule {
  return { scope, thread: true, keep: ["threadId", ...keep] };
}

function rules(methods: string[], rule: Rule): [string, Rule][] {
  return methods.map((method) => [method, rule]);
}

/** By codex's own way of naming what only looks. */
const LOOKS =
  /^get|^gitDiff|^server\/|\/(get|read|list|search|status|installed|detect|readiness|watch|unwatch)[A-Za-z]*$/;

export function ruleFor(method: string): Rule {
  const rule = RULES.get(method);
  if (rule !== undefined) return rule;
  return LOOKS.test(method) ? { scope: "admin", quiet: true } : { scope: "admin" };
}

/**
 * Those that mean the same whoever's connection they come by. The others open, speak or subscribe,
 * or have an answer that is narrowed for who asked: by the daemon's own connection, which is what
 * `session/call` uses, they are the administrator's.
 */
const BY_ANY_CONNECTION = new Set([
  "account/rateLimits/read",
  "fuzzyFileSearch",
  "mcpServerStatus/list",
  "model/list",
  "permissionProfile/list",
  "review/start",
  "skills/list",
  "thread/compact/start",
  "thread/goal/clear",
  "thread/goal/get",
  "thread/goal/set",
  "thread/items/list",
  "thread/read",
  "thread/revert",
  "thread/settings/update",
  "thread/turns/list",
  "turn/interrupt",
]);

/** The least scope that a `session/call` of this needs. Nothing of it is left out: it is refused. */
export function callScope(method: string, params: JsonObject): Scope {
  if (!BY_ANY_CONNECTION.has(method)) return "admin";
  const { scope, keep, only } = ruleFor(method);
  const allowed = only ?? keep;
  return allowed !== undefined && beyond(params, allowed).length > 0 ? "admin" : scope;
}

/** The methods that are open to a scope below admin. */
export function openTo(scope: Scope): string[] {
  return [...RULES].filter(([, rule]) => includes(scope, rule.scope)).map(([method]) => method);
}

/** The params that are not among those. A null says as much as nothing. */
export function beyond(params: JsonObject, allowed: readonly string[]): string[] {
  return Object.keys(params).filter((key) => params[key] != null && !allowed.includes(key));
}

export function kept(params: JsonObject, allowed: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(params).filter(([key]) => allowed.includes(key)));
}
