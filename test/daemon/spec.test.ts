/** What a session was created with reaches codex, and reaches it again after every start. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { APPROVAL_POLICIES } from "../../src/protocol/session.ts";
import { codexConfig } from "../support/codex.ts";
import { createHome, type Home } from "../support/home.ts";
import { readProcess } from "../support/processes.ts";
import { createSession, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

/** The thread's settings, as its agent tells them to one that joins it. */
async function settings(name: string): Promise<JsonObject> {
  const { threadId } = await home.show(name);
  const method = "thread/resume";
  const params = { threadId, excludeTurns: true };
  return (await connection.call("session/call", { name, method, params })) as JsonObject;
}

test("directory, model, sandbox and approval policy are the thread's", async () => {
  const cwd = join(home.dir, "else where");
  mkdirSync(cwd);
  const spec = { cwd, model: "other-model", sandbox: "read-only", approval: "never" } as const;
  const session = await createSession(home, connection, { name: "spec", spec });
  expect(session).toMatchObject({ cwd, model: "other-model" });
  await say(connection, "spec", "say hello");
  const wanted = {
    cwd,
    model: "other-model",
    approvalPolicy: "never",
    sandbox: { type: "readOnly" },
  };
  expect(await settings("spec")).toMatchObject(wanted);
  expect((await say(connection, "spec", "run pwd")).text).toContain(cwd);
  expect((await home.show("spec")).spec).toEqual(spec);

  await connection.call("session/restart", { name: "spec" });
  expect(await settings("spec")).toMatchObject(wanted);
});

test.each([
  ["read-only", "readOnly"],
  ["workspace-write", "workspaceWrite"],
  ["danger-full-access", "dangerFullAccess"],
] as const)("sandbox %s", async (sandbox, type) => {
  await createSession(home, connection, { name: sandbox, spec: { sandbox } });
  await say(connection, sandbox, "say hello");
  expect(await settings(sandbox)).toMatchObject({ sandbox: { type } });
});

test.each(APPROVAL_POLICIES)("approval policy %s", async (approval) => {
  const name = `policy-${approval}`;
  await createSession(home, connection, { name, spec: { approval } });
  await say(connection, name, "say hello");
  expect(await settings(name)).toMatchObject({ approvalPolicy: approval });
});

test("-c overrides are TOML values for this session alone, and not on a command line", async () => {
  const overrides = [
    'model_reasoning_effort="high"',
    'model_providers.second={name="second", base_url="http://127.0.0.1:1/v1", wire_api="responses"}',
  ];
  const { agentPid } = await createSession(home, connection, { name: "over", spec: { overrides } });
  await say(connection, "over", "say hello");
  expect(await settings("over")).toMatchObject({ reasoningEffort: "high" });
  expect(readProcess(agentPid!)!.argv.join(" ")).not.toContain("reasoning");
  await createSession(home, connection, { name: "plain" });
  await say(connection, "plain", "say hello");
  expect((await settings("plain")).reasoningEffort).not.toBe("high");
});

test("a provider that an override defines can be the session's", async () => {
  const overrides = [
    `model_providers.second={name="second", base_url="${home.model.baseUrl}", wire_api="responses"}`,
  ];
  const spec = { overrides, provider: "second" };
  const session = await createSession(home, connection, { name: "provided", spec });
  expect(session.provider).toBe("second");
  expect((await say(connection, "provided", "say through the second")).text).toBe(
    "through the second",
  );
});

test("a profile's file is read, and an override wins over it", async () => {
  writeFileSync(
    join(home.codexHome, "careful.config.toml"),
    'model = "profile-model"\nmodel_reasoning_effort = "low"\napproval_policy = "never"\n',
  );
  const profile = "careful";
  const first = await createSession(home, connection, { name: "profiled", spec: { profile } });
  expect(first.model).toBe("profile-model");
  await say(connection, "profiled", "say hello");
  expect(await settings("profiled")).toMatchObject({
    reasoningEffort: "low",
    approvalPolicy: "never",
  });
  const spec = { profile, model: "named-model", overrides: ['model_reasoning_effort="high"'] };
  await createSession(home, connection, { name: "both", spec });
  await say(connection, "both", "say hello");
  expect(await settings("both")).toMatchObject({ model: "named-model", reasoningEffort: "high" });
});

test("another CODEX_HOME has its own config and keeps its own threads", async () => {
  const codexHome = join(home.dir, "other-codex");
  mkdirSync(codexHome);
  const config = codexConfig({ baseUrl: home.model.baseUrl }).replace("fake-model", "its-model");
  writeFileSync(join(codexHome, "config.toml"), config);
  const session = await createSession(home, connection, { name: "homed", spec: { codexHome } });
  expect(session.model).toBe("its-model");
  expect(readProcess(session.agentPid!)!.env.CODEX_HOME).toBe(codexHome);
  await say(connection, "homed", "say hello");
  const { thread } = (await settings("homed")) as { thread: JsonObject };
  expect(String(thread.path)).toContain(codexHome);
  expect(readFileSync(String(thread.path), "utf8")).toContain("say hello");
});

test("the demo provider answers by itself, and says so", async () => {
  const session = await createSession(home, connection, {
    name: "demo",
    spec: { provider: "demo" },
  });
  expect(session.labels).toEqual({ demo: "true" });
  expect((await say(connection, "demo", "anyone?")).text).toContain("[demo model]");
  expect(home.model.texts()).not.toContain("anyone?");
  await connection.call("session/restart", { name: "demo" });
  expect((await say(connection, "demo", "again?")).text).toContain("[demo model]");
});
