/** Messages that codex does not take, and answers that come too late or to the wrong question. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { eventually } from "../support/eventually.ts";
import { clientIdsIn, historyOf } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

test("a message that a hook of codex's refuses fails, once, and the next one goes on", async () => {
  const hook = join(home.dir, "hook.sh");
  writeFileSync(hook, `#!/bin/sh\nif grep -q forbidden; then echo no >&2; exit 2; fi\n`);
  chmodSync(hook, 0o755);
  const hooks = { UserPromptSubmit: [{ hooks: [{ type: "command", command: hook }] }] };
  writeFileSync(join(home.codexHome, "hooks.json"), JSON.stringify({ hooks }));
  const connection = await home.connect();
  const overrides = ["features.hooks=true", "bypass_hook_trust=true"];
  await createSession(home, connection, { name: "bot", spec: { overrides } });
  const watcher = await watch(home, "bot");
  await home.ok(["send", "bot", "--id", "m1", "say forbidden"]);
  await home.ok(["send", "bot", "--id", "m2", "say allowed"]);
  const failed = await watcher.message("m1", "failed");
  expect(failed.params.error).toContain("without taking the message in");
  expect((await watcher.message("m2", "finished")).params.text).toBe("allowed");
  const turns = (await historyOf(home, "bot")).filter(({ method }) => method === "turn/started");
  expect(turns.length).toBeLessThanOrEqual(2);
  watcher.stop();
});

test("messages that interrupt keep their order", async () => {
  await home.ok(["new", "bot", "-d"]);
  const watcher = await watch(home, "bot");
  await home.ok(["send", "bot", "--id", "a", "gated k"]);
  await home.model.reached("k");
  const connection = await home.connect();
  const send = (id: string) =>
    connection.call("session/send", {
      name: "bot",
      id,
      mode: "interrupt",
      content: { text: `say ${id}` },
    });
  await Promise.all([send("b"), send("c")]);
  await watcher.message("c", "finished");
  await watcher.message("b", "finished");
  expect(clientIdsIn(await expectWhole(home, "bot"))).toEqual(["a", "b", "c"]);
  watcher.stop();
});

test("the values of overrides are in no history, and in nothing that is shown", async () => {
  const connection = await home.connect();
  const overrides = ['model_reasoning_effort="high"', "developer_instructions=canary-4711"];
  await createSession(home, connection, { name: "bot", spec: { overrides } });
  await home.ok(["send", "bot", "--wait", "say hello"]);
  expect(JSON.stringify(await historyOf(home, "bot"))).not.toContain("canary-4711");
  expect(JSON.stringify(await home.show("bot"))).not.toContain("canary-4711");
  await home.killDaemon();
  const db = readFileSync(join(home.dir, "state/default/history.db"), "latin1");
  const log = readFileSync(join(home.dir, "state/default/history.db-wal"), "latin1");
  expect(db + log).not.toContain("canary-4711");
});

test("killed while it restarts, a session has no agent, whichever came first", async () => {
  await home.ok(["new", "bot", "-d"]);
  const connection = await home.connect();
  const restart = connection.call("session/restart", { name: "bot" }).catch((error) => error);
  const kill = connection.call("session/kill", { name: "bot" });
  const again = connection.call("session/kill", { name: "bot" }).catch((error) => error);
  await Promise.all([restart, kill, again]);
  expect(home.agentPids()).toEqual([]);
  const ends = (await historyOf(home, "bot")).filter(({ method }) => method === "session/ended");
  expect(ends).toHaveLength(1);
  expect((await errorOf(connection.call("session/wake", { name: "bot" }))).code).toBe(
    "session-ended",
  );
});

test("a session whose creation the daemon did not survive is gone, agent and all", async () => {
  await home.ok(["ls"]);
  const creating = home.start(["new", "bot", "-d"]);
  const connection = await home.connect();
  // As soon as it is there, and not yet ready.
  for (;;) {
    const { sessions } = await connection.call("session/list", {});
    if (sessions.length > 0) break;
  }
  await home.killDaemon();
  await creating.ended;
  // The next daemon undoes it, or finds its agent, by itself.
  const left = await eventually(
    async () => {
      const sessions: SessionInfo[] = await home.cliJson(["ls", "--all"]);
      return sessions.some(({ state }) => state === "starting") ? null : sessions;
    },
    { what: "it is undone or back" },
  );
  // Its creation may have just been through; then it is whole.
  if (left.length > 0)
    expect(await home.ok(["send", "bot", "--wait", "say whole"])).toContain("whole");
  else expect(home.agentPids()).toEqual([]);
});
