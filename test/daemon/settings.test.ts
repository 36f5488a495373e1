/** What somebody changes of a thread's settings is seen, and outlives codex and the daemon. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { joinCodex } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

async function change(name: string, params: JsonObject): Promise<void> {
  const watcher = await watch(home, name);
  const { head } = await connection.call("session/history", { name });
  const method = "thread/settings/update";
  await connection.call("session/call", { name, method, params });
  await watcher.until("new settings", (event) => {
    return event.method === "thread/settings/updated" && (event.seq ?? 0) > head;
  });
  // What the status line of an attachment shows.
  const { model } = params;
  await watcher.until("the state with the model", (event) => {
    const session = event.params.session as JsonObject | undefined;
    return event.method === "session/state" && (model === undefined || session?.model === model);
  });
  watcher.stop();
}

/** What codex itself says of the thread. */
async function thread(name: string): Promise<JsonObject> {
  const { threadId } = await home.show(name);
  const params = { threadId, excludeTurns: true };
  const method = "thread/resume";
  return (await connection.call("session/call", { name, method, params })) as JsonObject;
}

const spec = { model: "first", sandbox: "read-only", approval: "never" } as const;
const changes = {
  model: "second",
  effort: "high",
  approvalPolicy: "on-request",
  sandboxPolicy: {
    type: "workspaceWrite",
    writableRoots: ["/tmp/elsewhere"],
    networkAccess: true,
    excludeTmpdirEnvVar: false,
    excludeSlashTmp: false,
  },
};
const changed = {
  model: "second",
  reasoningEffort: "high",
  approvalPolicy: "on-request",
  sandbox: changes.sandboxPolicy,
};

test.each([
  ["that was spoken to", true],
  ["without a turn", false],
])("a thread %s keeps its settings over sleep, restart and a crash", async (what, spoken) => {
  const name = `kept-${spoken}`;
  await createSession(home, connection, { name, spec });
  if (spoken) await say(connection, name, "say hello");
  expect(await home.show(name)).toMatchObject({ model: "first", settings: { effort: null } });
  await change(name, changes);
  expect(await home.show(name), what).toMatchObject({
    model: "second",
    spec,
    settings: {
      effort: "high",
      approvalPolicy: "on-request",
      sandboxPolicy: changes.sandboxPolicy,
    },
  });
  const [listed] = await home.cliJson(["ls"]);
  expect(listed.model).toBe("second");
  const printed = await home.ok(["show", name]);
  expect(printed).toMatch(/^effort +high$/m);
  expect(printed).toMatch(/^sandbox +workspace-write$/m);

  await connection.call("session/sleep", { name });
  expect((await home.show(name)).model).toBe("second");
  await connection.call("session/wake", { name });
  await say(connection, name, "say awake");
  expect(await thread(name)).toMatchObject(changed);
  await connection.call("session/restart", { name });
  expect(await thread(name)).toMatchObject(changed);
  await home.killAgent(name);
  await connection.call("session/wake", { name });
  expect(await thread(name)).toMatchObject(changed);
  expect((await home.show(name)).model).toBe("second");
  await connection.call("session/kill", { name });
});

test("a profile of permissions is kept by its name", async () => {
  await createSession(home, connection, { name: "profiled", spec });
  await say(connection, "profiled", "say hello");
  await change("profiled", { permissions: ":workspace" });
  await connection.call("session/restart", { name: "profiled" });
  expect(await thread("profiled")).toMatchObject({
    model: "first",
    activePermissionProfile: { id: ":workspace" },
    sandbox: { type: "workspaceWrite" },
  });
  await connection.call("session/kill", { name: "profiled" });
});

test("a fork has the settings of its origin as they are now", async () => {
  await createSession(home, connection, { name: "origin", spec });
  await say(connection, "origin", "say hello");
  await change("origin", { model: "third", effort: "low" });
  await home.ok(["fork", "origin", "copy"]);
  const { model, settings } = await home.show("copy");
  expect({ model, effort: settings?.effort }).toEqual({ model: "third", effort: "low" });
  await say(connection, "copy", "say hello");
  expect(await thread("copy")).toMatchObject({
    model: "third",
    reasoningEffort: "low",
    approvalPolicy: "never",
    sandbox: { type: "readOnly" },
  });
});

test("a change while no daemon ran is found by the next, and kept", async () => {
  await createSession(home, connection, { name: "alone", spec });
  await say(connection, "alone", "say hello");
  const { threadId } = await home.show("alone");
  const socket = await home.agentSocket("alone");
  await home.killDaemon();
  const codex = await joinCodex(socket);
  await codex.call("thread/resume", { threadId, excludeTurns: true });
  await codex.call("thread/settings/update", { threadId, model: "fourth" });
  await codex.until("the settings", ({ method }) => method === "thread/settings/updated");
  codex.close();
  connection = await home.connect();
  await eventually(async () => (await home.show("alone")).model === "fourth", {
    what: "the new daemon knows the model",
  });
  await connection.call("session/restart", { name: "alone" });
  expect(await thread("alone")).toMatchObject({ model: "fourth", approvalPolicy: "never" });
});
