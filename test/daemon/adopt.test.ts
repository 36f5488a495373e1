/** What a daemon believes of the processes that the last one wrote down, and what it leaves alone. */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentRow } from "../../src/daemon/store/session-table.ts";
import { identify } from "../../src/system/process-identity.ts";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { isRunning, signal, whenGone } from "../support/processes.ts";
import { createSession, finished, say } from "../support/sessions.ts";

let home: Home;
let innocent: ChildProcess;
beforeEach(async () => {
  home = await createHome();
  await createSession(home, await home.connect(), { name: "bot" });
  innocent = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
});
afterEach(async () => {
  innocent.kill("SIGKILL");
  await home.close();
});

/** Changes what the history says of the agents, while no daemon runs. */
function rewriteAgents(change: (row: AgentRow) => AgentRow): void {
  const db = new DatabaseSync(join(home.dir, "state/default/history.db"), { timeout: 5_000 });
  const rows = db.prepare("SELECT id, agent FROM sessions").all() as Record<string, string>[];
  for (const { id, agent } of rows) {
    const changed = JSON.stringify(change(JSON.parse(agent!)));
    db.prepare("UPDATE sessions SET agent = ? WHERE id = ?").run(changed, id!);
  }
  db.close();
}

test.each(["start time", "boot id"])(
  "a forged row with another %s names an innocent process: it lives",
  async (what) => {
    const { pid, startTime, bootId } = identify(innocent.pid!)!;
    const [agent] = home.agentPids();
    await home.killDaemon();
    signal(agent!, "SIGKILL");
    await whenGone(agent!);
    const forged =
      what === "start time"
        ? { pid, startTime: `${startTime}0`, bootId }
        : { pid, startTime, bootId: "another" };
    rewriteAgents((row) => ({ ...row, process: forged }));

    const connection = await home.connect();
    await eventually(async () => (await home.show("bot")).state === "asleep", {
      what: "the row is not believed",
    });
    expect((await home.show("bot")).agentPid).toBeNull();
    expect((await say(connection, "bot", "say hello")).text).toBe("hello");
    await home.ok(["restart", "bot"]);
    await home.ok(["kill", "bot"]);
    await home.ok(["daemon", "stop", "--end"]);
    expect(isRunning(pid)).toBe(true);
  },
);

test("a daemon that died before it wrote the process down leaves no orphan", async () => {
  const connection = await home.connect();
  await say(connection, "bot", "say before");
  const [orphan] = home.agentPids();
  await home.killDaemon();
  rewriteAgents(({ process: _, ...row }) => row);

  await home.connect();
  await whenGone(orphan!);
  await eventually(async () => (await home.show("bot")).state === "asleep", {
    what: "it counts as asleep",
  });
  expect((await say(await home.connect(), "bot", "say after")).text).toBe("after");
  expect(home.agentPids()).toHaveLength(1);
  expect(home.model.conversation()).toEqual(["say before", "say after"]);
  await expectWhole(home, "bot");
});

test("an agent that ended while no daemon ran is no crash, and is started by the next message", async () => {
  await say(await home.connect(), "bot", "say before");
  const [agent] = home.agentPids();
  await home.killDaemon();
  signal(agent!, "SIGKILL");
  await whenGone(agent!);
  const connection = await home.connect();
  await eventually(async () => (await home.show("bot")).state === "asleep", {
    what: "it is asleep",
  });
  expect((await home.show("bot")).crash).toBeNull();
  expect((await say(connection, "bot", "say after")).text).toBe("after");
});

test("an agent that hangs does not keep the next daemon from serving the others", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "lively" });
  const { agentPid } = await home.show("bot");
  signal(agentPid!, "SIGSTOP");
  await home.killDaemon();
  const next = await home.connect();
  expect((await say(next, "lively", "say unmoved")).text).toBe("unmoved");
  expect((await home.show("bot")).state).toBe("starting");
  signal(agentPid!, "SIGCONT");
  await eventually(async () => (await home.show("bot")).state === "idle", {
    what: "it is adopted",
  });
  expect(await home.agentPid("bot")).toBe(agentPid);
});

test("after a reboot sessions are asleep, and what a turn was cut off in is told", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "cut" });
  await say(connection, "bot", "say before");
  const { messageId } = await connection.call("session/send", {
    name: "cut",
    content: { text: "gated k never" },
  });
  await home.model.reached("k");
  const agents = home.agentPids();
  await home.killDaemon();
  for (const pid of agents) {
    signal(pid, "SIGKILL");
    await whenGone(pid);
  }
  // What a reboot leaves: no sockets, and pids that mean others now.
  rmSync(join(home.dir, "run"), { recursive: true });
  const { pid, startTime } = identify(innocent.pid!)!;
  const bootId = "00000000-0000-0000-0000-000000000000";
  rewriteAgents((row) => ({ ...row, process: { pid, startTime, bootId } }));

  const next = await home.connect();
  await eventually(async () => (await home.show("bot")).state === "asleep", { what: "it sleeps" });
  expect(await finished(next, "cut", messageId)).toMatchObject({ turnStatus: "interrupted" });
  // It was woken for that alone; the other one was not.
  expect((await home.show("bot")).agentPid).toBeNull();
  expect(home.agentPids()).toHaveLength(1);
  const { records } = await next.call("session/history", { name: "bot", after: 0 });
  expect(records.at(-1)).toMatchObject({
    method: "session/agent",
    params: { status: "asleep", reason: "the agent ended while no daemon ran" },
  });
  expect((await say(next, "bot", "say after")).text).toBe("after");
  expect(isRunning(pid)).toBe(true);
  for (const name of ["bot", "cut"]) await expectWhole(home, name);
});
