/** Every scope × every method, and what a pattern of sessions leaves of each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { callScope } from "../../src/daemon/codex-proxy/codex-methods.ts";
import { permitCall, permitMethod } from "../../src/daemon/permit.ts";
import { type Access, SCOPES, type Scope } from "../../src/protocol/access.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { Method, Params } from "../../src/protocol/methods.ts";
import { root } from "../support/codex.ts";

/** The test's own account of what each method, in each of its forms, needs. */
const needs: { [M in Method]: [Scope, JsonObject?][] } = {
  hello: [["observe"]],
  "daemon/status": [["observe"]],
  "daemon/metrics": [["observe"]],
  "hook/list": [["admin"]],
  "hook/test": [["admin", { event: "turn.completed" }]],
  "daemon/stop": [["admin", { agents: "keep" }]],
  "daemon/panic": [["approve"]],
  "session/panic": [["approve"]],
  "daemon/sent": [["prompt"]],
  "daemon/activity": [["observe"]],
  "token/new": [["admin"]],
  "token/list": [["admin"]],
  "token/revoke": [["admin", { id: "0123" }]],
  "pair/new": [["admin"]],
  "daemon/search": [["observe"]],
  "daemon/audit": [["admin"]],
  "archive/search": [["admin"]],
  "archive/sessions": [["admin"]],
  "archive/history": [["admin"]],
  "session/update": [["admin", { name: "web", keep: {} }]],
  "session/new": [["admin", { name: "web", spec: { cwd: "/" }, env: {} }]],
  "session/list": [["observe"]],
  "session/show": [["observe"]],
  "session/attach": [
    ["observe"],
    ["prompt", { wake: true }],
    ["admin", { env: {} }],
    ["admin", { env: {}, readOnly: true }],
  ],
  "session/detach": [["observe"]],
  "session/history": [["observe"]],
  "session/send": [["prompt"]],
  "session/compose": [["prompt"]],
  "session/withdraw": [["prompt"]],
  "session/receipt": [["observe"]],
  "session/approvals": [["observe"]],
  "session/answer": [["approve"]],
  "session/interrupt": [["prompt"]],
  "session/sleep": [["prompt"], ["prompt", { force: true }]],
  "session/wake": [["prompt"], ["admin", { env: {} }]],
  "session/restart": [["prompt"], ["admin", { env: {} }]],
  "session/kill": [["admin"]],
  "session/remove": [["admin"]],
  "session/rename": [["admin", { to: "web2" }]],
  "session/fork": [["admin", { to: "web2", env: {} }]],
  "session/call": [
    ["observe", { method: "thread/read", params: {} }],
    ["prompt", { method: "review/start", params: {} }],
    ["prompt", { method: "thread/settings/update", params: { model: "m" } }],
    [
      "admin",
      { method: "thread/settings/update", params: { model: "m", approvalPolicy: "never" } },
    ],
    ["prompt", { method: "review/start", params: { target: { type: "uncommittedChanges" } } }],
    ["admin", { method: "review/start", params: { delivery: "detached" } }],
    ["admin", { method: "turn/start", params: {} }],
    ["admin", { method: "thread/list", params: {} }],
    ["admin", { method: "config/read", params: {} }],
    ["admin", { method: "thread/shellCommand", params: {} }],
    ["admin", { method: "command/exec", params: {} }],
    ["admin", { method: "what/comes/next/week", params: {} }],
    ["admin", { method: "__proto__", params: {} }],
  ],
  "peer/add": [["admin", { name: "laptop", url: "ssh://laptop" }]],
  "peer/join": [["admin", { as: "laptop", url: "ssh://laptop" }]],
  "peer/list": [["observe"]],
  "peer/remove": [["admin", { name: "laptop" }]],
  "peer/link": [["observe"]],
  "peer/offer": [["prompt", { as: "laptop" }]],
  "peer/sessions": [["observe"]],
};

const about = new Set(Object.keys(needs).filter((method) => /^session\/(?!new|list)/.test(method)));
const sessions = ["web", "docs"].map((name) => ({ name, id: `id-of-${name}` }));
const known = (name: string) => sessions.find((one) => one.name === name || one.id === name)?.name;

/** The code that a call is refused with; null when it may be made. */
function refusal(access: Access, method: Method, params: JsonObject): string | null {
  try {
    permitMethod(access, method);
    permitCall(access, method, params as Params<Method>, known);
    return null;
  } catch (error) {
    if (error instanceof HacsError) return error.code;
    throw error;
  }
}

describe.each(Object.entries(needs) as [Method, [Scope, JsonObject?][]][])(
  "%s",
  (method, forms) => {
    test.each(forms)("needs %s %j", (needed, params = {}) => {
      const given = about.has(method) ? { name: "web", ...params } : params;
      for (const scope of SCOPES) {
        const enough = SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
        const refused = refusal({ scope, sessions: "*", token: "t" }, method, given);
        expect([scope, refused]).toEqual([scope, enough ? null : "not-allowed"]);
      }
    });

    test("does not know of sessions that the token is not for", () => {
      if (!about.has(method)) return;
      const access: Access = { scope: "admin", sessions: "web*", token: "t" };
      const [, params = {}] = forms[0]!;
      for (const name of ["docs", "id-of-docs", "neither", "web-that-is-not-there"])
        expect(refusal(access, method, { ...params, name })).toBe("session-not-found");
      for (const name of ["web", "id-of-web"])
        expect(refusal(access, method, { ...params, name })).toBe(null);
    });
  },
);

test("a name that is given to a session has to fit the pattern", () => {
  const access: Access = { scope: "admin", sessions: "web*", token: "t" };
  const spec = { cwd: "/" };
  expect(refusal(access, "session/new", { name: "web3", spec, env: {} })).toBe(null);
  expect(refusal(access, "session/new", { name: "docs", spec, env: {} })).toBe("not-allowed");
  expect(refusal(access, "session/new", { spec, env: {} })).toBe("not-allowed");
  for (const method of ["session/rename", "session/fork"] as const) {
    expect(refusal(access, method, { name: "web", to: "web3" })).toBe(null);
    expect(refusal(access, method, { name: "web", to: "docs3" })).toBe("not-allowed");
  }
});

test("what is about the whole daemon is not for who sees a part of it", () => {
  const access: Access = { scope: "admin", sessions: "web*", token: "t" };
  expect(refusal(access, "daemon/stop", { agents: "keep" })).toBe("not-allowed");
  // A token that it made could be for all.
  expect(refusal(access, "token/new", { sessions: "web*" })).toBe("not-allowed");
  expect(refusal(access, "token/list", {})).toBe("not-allowed");
  expect(refusal(access, "token/revoke", { id: "0123" })).toBe("not-allowed");
  expect(refusal(access, "pair/new", {})).toBe("not-allowed");
});

test("a method of codex's that is not known here is the administrator's", () => {
  for (const method of ["", "constructor", "fs/writeFile", "config/value/write", "thread/start"])
    expect(callScope(method, {})).toBe("admin");
});

test("PROTOCOL.md has each method in the row of the least that it needs", () => {
  const page = readFileSync(join(root, "PROTOCOL.md"), "utf8");
  const rows = new Map(
    [...page.matchAll(/^\| `(observe|prompt|approve|admin)` \| (.*) \|$/gm)].map(
      ([, scope, listed = ""]) => [scope as Scope, listed],
    ),
  );
  for (const [method, forms] of Object.entries(needs))
    expect([method, rows.get(forms[0]![0])]).toEqual([
      method,
      expect.stringContaining(`\`${method}\``),
    ]);
});
