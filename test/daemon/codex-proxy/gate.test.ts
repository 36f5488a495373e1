/** What a client of codex's protocol may ask for: every method of codex's, by every scope. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openTo, ruleFor } from "../../../src/daemon/codex-proxy/codex-methods.ts";
import { judge, type Standing } from "../../../src/daemon/codex-proxy/gate.ts";
import type { Scope } from "../../../src/protocol/access.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import { codexBinary } from "../../support/codex.ts";

/** As the installed codex names them itself. */
function methodsOfCodex(): string[] {
  const dir = mkdtempSync("/tmp/hs-ts-");
  try {
    execFileSync(codexBinary, ["app-server", "generate-ts", "--experimental", "--out", dir]);
    const types = readFileSync(join(dir, "ClientRequest.ts"), "utf8");
    return [...types.matchAll(/"method": "([^"]+)"/g)].map(([, method = ""]) => method);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const as = (scope: Scope, more: Partial<Standing> = {}): Standing => ({
  scope,
  session: "bot",
  threadId: "ours",
  turnId: "running",
  joined: false,
  holds: () => false,
  isOurs: (id) => id === "known",
  ...more,
});
const passed = (scope: Scope, method: string, params?: JsonObject, more?: Partial<Standing>) => {
  const verdict = judge(method, params, as(scope, more));
  return verdict.kind === "pass" ? verdict : undefined;
};
const all = methodsOfCodex();

test("the table names methods that codex has", () => {
  expect(all.length).toBeGreaterThan(100);
  expect(openTo("approve").filter((method) => !all.includes(method))).toEqual([]);
});

test("every other method, and any that codex will have, is the administrator's", () => {
  const closed = [...all, "thread/newThing", "exec"].filter((m) => !openTo("approve").includes(m));
  expect(closed).toEqual(
    expect.arrayContaining([
      "account/login/start",
      "command/exec",
      "config/batchWrite",
      "fs/readFile",
      "fs/writeFile",
      "getAuthStatus",
      "mcpServer/tool/call",
      "process/spawn",
      "thread/delete",
      "thread/inject_items",
      "thread/search",
      "thread/shellCommand",
      "turn/settings/update",
    ]),
  );
  for (const method of closed) {
    for (const scope of ["observe", "prompt", "approve"] as const)
      expect(judge(method, { threadId: "ours" }, as(scope)).kind, method).toBe("refuse");
    if (method !== "thread/fork")
      expect(judge(method, { threadId: "ours" }, as("admin")).kind, method).toBe("pass");
  }
});

test("an observer changes nothing, a prompter loosens nothing", () => {
  for (const method of openTo("observe"))
    expect(passed("observe", method, { threadId: "ours" })?.record ?? null, method).toBeNull();
  const writes = all.filter((method) => /\/(set|update|add|write|start|exec|delete)$/.test(method));
  expect(writes.filter((method) => openTo("observe").includes(method))).toEqual(["thread/start"]);
  const loose = {
    threadId: "ours",
    approvalPolicy: "never",
    approvalsReviewer: "auto_review",
    sandboxPolicy: { type: "dangerFullAccess" },
    permissions: ":danger",
    cwd: "/",
    runtimeWorkspaceRoots: ["/"],
    environments: [],
    config: { sandbox_mode: "danger-full-access" },
    baseInstructions: "obey",
    delivery: "detached",
  };
  for (const scope of ["prompt", "approve"] as const) {
    for (const method of openTo(scope).filter((m) => ruleFor(m).keep && ruleFor(m).thread)) {
      const params = passed(scope, method, loose)!.params!;
      expect(
        Object.keys(params).filter((key) => key in loose),
        method,
      ).toEqual(["threadId"]);
    }
    expect(judge("thread/settings/update", loose, as(scope)).kind).toBe("refuse");
    expect(passed(scope, "thread/settings/update", { threadId: "ours", model: "m" })).toBeDefined();
  }
  expect(passed("admin", "turn/start", loose)!.params).toMatchObject(loose);
});

describe("a session is one thread", () => {
  const named = openTo("approve").filter((method) => ruleFor(method).thread);

  test("no other's is named below admin, nor none", () => {
    for (const method of named) {
      for (const params of [{ threadId: "other" }, {}, { threadId: null }, { threadId: ["ours"] }])
        expect(judge(method, params, as("approve")).kind, method).toBe("refuse");
    }
  });

  test("a thread that the agent holds beside it is looked at, and written by an admin alone", () => {
    const holds = () => true;
    for (const method of named) {
      const looks = ruleFor(method).scope === "observe";
      const verdict = judge(method, { threadId: "sub" }, as("approve", { holds }));
      expect(verdict.kind, method).toBe(looks ? "pass" : "refuse");
      expect(passed("admin", method, { threadId: "sub" }, { holds })?.record).toBeNull();
    }
    const unknown = { holds: () => undefined };
    expect(judge("thread/read", { threadId: "sub" }, as("observe", unknown)).kind).toBe("look");
  });

  test("nobody opens another thread in this agent", () => {
    const file = { threadId: "ours", path: "/tmp/rollout.jsonl" };
    for (const params of [{ threadId: "other" }, file, { threadId: "ours", history: [] }])
      expect(judge("thread/resume", params, as("admin")).kind).toBe("refuse");
    // Below admin what leads elsewhere is left out.
    expect(passed("observe", "thread/resume", file)!.params).toEqual({ threadId: "ours" });
    expect(judge("thread/start", {}, as("admin", { joined: true })).kind).toBe("refuse");
    expect(passed("observe", "thread/start", { cwd: "/" })).toMatchObject({
      method: "thread/resume",
      params: { threadId: "ours" },
      joins: true,
    });
    expect(judge("thread/start", { ephemeral: true }, as("approve")).kind).toBe("refuse");
    expect(passed("admin", "thread/start", { ephemeral: true })).toMatchObject({ record: null });
  });

  test("a configuration is told below admin as far as it holds no secret", () => {
    const layered = { includeLayers: true, cwd: "." };
    expect(passed("observe", "config/read", layered)).toMatchObject({
      params: { cwd: "." },
      narrow: "plain-config",
    });
    expect(passed("admin", "config/read", layered)!.params).toEqual(layered);
  });

  test("only it is in lists below admin", () => {
    for (const method of ["thread/list", "thread/loaded/list"]) {
      expect(passed("approve", method, {})!.narrow).toBe("own-thread");
      expect(passed("admin", method, {})!.narrow).toBeNull();
    }
  });
});

test("a message has an id, and not that of another", () => {
  const params = { threadId: "ours", input: [] };
  const verdict = passed("prompt", "turn/start", params)!;
  expect(verdict.record).toEqual({
    method: "turn/start",
    messageId: verdict.params!.clientUserMessageId,
  });
  const given = passed("prompt", "turn/steer", { ...params, clientUserMessageId: "mine" })!;
  expect(given.record).toEqual({ method: "turn/steer", messageId: "mine" });
  for (const clientUserMessageId of ["known", 7])
    expect(judge("turn/start", { ...params, clientUserMessageId }, as("admin")).kind).toBe(
      "refuse",
    );
});

test("the session's own turn is stopped by the session", () => {
  const params = { threadId: "ours", turnId: "running" };
  expect(judge("turn/interrupt", params, as("prompt")).kind).toBe("interrupt");
  expect(judge("turn/interrupt", params, as("observe")).kind).toBe("refuse");
  expect(judge("turn/interrupt", { ...params, turnId: "old" }, as("prompt")).kind).toBe("pass");
});

test("what changes the agent for all is an administrator's to switch on", () => {
  const capabilities = {
    experimentalApi: true,
    requestAttestation: true,
    explicitGatewayOauth: true,
    later: true,
  };
  const params = { clientInfo: { name: "x" }, capabilities };
  expect(passed("approve", "initialize", params)!.params).toEqual({
    clientInfo: { name: "x" },
    capabilities: { experimentalApi: true, requestAttestation: false },
  });
  expect(passed("admin", "initialize", params)!.params).toEqual(params);
});

test("an administrator's looks leave no record, what he does leaves one", () => {
  for (const method of [
    "config/read",
    "fs/readFile",
    "fs/readDirectory",
    "hooks/list",
    "plugin/search",
    "getAuthStatus",
    "account/login/status",
  ])
    expect(passed("admin", method, {})!.record, method).toBeNull();
  for (const method of [
    "config/value/write",
    "fs/writeFile",
    "command/exec",
    "process/spawn",
    "account/logout",
    "plugin/install",
    "later/thing",
  ])
    expect(passed("admin", method, {})!.record, method).toEqual({ method });
});
