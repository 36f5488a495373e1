/** The least scope that each method needs; for some it depends on what is asked of them. */
import { includes, type Scope } from "../../protocol/access.ts";
import type { Method, Params } from "../../protocol/methods.ts";
import { callScope } from "../codex-proxy/codex-methods.ts";

type Rule<M extends Method> = Scope | { least: Scope; of(params: Params<M>): Scope };

/** An environment is what an agent runs with, so who sets it may run what he likes. */
const wakes = {
  least: "prompt",
  of: ({ env }: { env?: Record<string, string> }) => (env === undefined ? "prompt" : "admin"),
} as const;

const scopes: { [M in Method]: Rule<M> } = {
  hello: "observe",
  "daemon/status": "observe",
  "daemon/metrics": "observe",
  // Hooks are what the config's owner has this machine do.
  "hook/list": "admin",
  "hook/test": "admin",
  "daemon/stop": "admin",
  // Who may say yes to what an agent does may say no to all of it; and who can may undo that.
  "daemon/panic": "approve",
  "daemon/sent": "prompt",
  "daemon/activity": "observe",
  "token/new": "admin",
  "token/list": "admin",
  "token/revoke": "admin",
  "pair/new": "admin",
  "daemon/search": "observe",
  "daemon/audit": "admin",
  // What other machines have put there is not this daemon's to show around.
  "archive/search": "admin",
  "archive/sessions": "admin",
  "archive/history": "admin",
  // It names the directory, the sandbox, the environment and the codex itself.
  "session/new": "admin",
  "session/list": "observe",
  "session/show": "observe",
  "session/attach": {
    least: "observe",
    of: ({ env, wake }) => (env !== undefined ? "admin" : wake === true ? "prompt" : "observe"),
  },
  "session/detach": "observe",
  "session/history": "observe",
  "session/send": "prompt",
  "session/compose": "prompt",
  "session/withdraw": "prompt",
  "session/receipt": "observe",
  "session/approvals": "observe",
  "session/answer": "approve",
  "session/interrupt": "prompt",
  "session/sleep": "prompt",
  "session/wake": wakes,
  "session/restart": wakes,
  "session/panic": "approve",
  "session/kill": "admin",
  "session/remove": "admin",
  "session/update": "admin",
  "session/rename": "admin",
  "session/fork": "admin",
  "session/call": { least: "observe", of: ({ method, params }) => callScope(method, params) },
  // Whoever adds a peer has this daemon dial it.
  "peer/add": "admin",
  "peer/join": "admin",
  "peer/list": "observe",
  "peer/remove": "admin",
  // What comes over the link may do no more than who made it.
  "peer/link": "observe",
  "peer/offer": "prompt",
  "peer/sessions": "observe",
};

/** What is about the daemon as a whole, and so not for a client that sees some sessions only. */
export const forAllSessions: ReadonlySet<Method> = new Set<Method>([
  "daemon/metrics",
  "hook/list",
  "hook/test",
  "daemon/stop",
  "token/new",
  "token/list",
  "token/revoke",
  "pair/new",
  "archive/search",
  "archive/sessions",
  "archive/history",
  "peer/add",
  "peer/join",
  "peer/list",
  "peer/remove",
]);

/** The least that any call of the method needs. */
export function leastScope(method: Method): Scope {
  const rule: Rule<Method> = scopes[method];
  return typeof rule === "string" ? rule : rule.least;
}

/** What this call of it needs. */
export function scopeOf<M extends Method>(method: M, params: Params<M>): Scope {
  const rule: Rule<M> = scopes[method];
  if (typeof rule === "string") return rule;
  const needed = rule.of(params);
  return includes(needed, rule.least) ? needed : rule.least;
}
