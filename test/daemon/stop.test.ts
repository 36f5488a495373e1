/** How the daemon ends, and what becomes of each agent. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { isRunning, signal, whenGone } from "../support/processes.ts";
import { startProgram } from "../support/program.ts";
import { createSession, errorOf, finished } from "../support/sessions.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

/** Three sessions: one idle, one in a turn, one that waits for an approval; with their messages. */
async function three() {
  const connection = await home.connect();
  const agents: Record<string, number> = {};
  for (const name of ["idle", "working", "asking"]) {
    agents[name] = (await createSession(home, connection, { name })).agentPid!;
  }
  const send = async (name: string, text: string) =>
    (await connection.call("session/send", { name, content: { text } })).messageId;
  const working = await send("working", "gated working and done");
  const asking = await send("asking", "ask echo allowed");
  await home.model.reached("working");
  await eventually(async () => (await home.show("asking")).approvals === 1, {
    what: "an approval waits",
  });
  return { connection, agents, messages: { working, asking } };
}

test("stop: the idle sleep, a turn goes on, an approval goes on waiting; the next daemon has it all", async () => {
  const { agents, messages } = await three();
  const daemon = home.daemonPid();
  const stopped = await home.cliJson(["daemon", "stop"]);
  await whenGone(daemon);
  expect(stopped).toEqual([
    { name: "idle", state: "idle", outcome: expect.stringContaining("sleep") },
    { name: "working", state: "working", outcome: expect.stringContaining("finishes the turn") },
    { name: "asking", state: "needs-approval", outcome: expect.stringContaining("adopts") },
  ]);
  expect(isRunning(agents.idle!)).toBe(false);
  home.model.release("working");
  expect([isRunning(agents.working!), isRunning(agents.asking!)]).toEqual([true, true]);
  expect(home.daemonPids()).toEqual([]);

  const next = await home.connect();
  const answer = await finished(next, "working", messages.working);
  expect(answer).toMatchObject({
    turnStatus: "completed",
    text: expect.stringContaining("and done"),
  });
  await eventually(async () => (await home.show("asking")).approvals === 1, {
    what: "it asks again",
  });
  expect(await home.agentPid("asking")).toBe(agents.asking);
  expect(await home.agentPid("working")).toBe(agents.working);
  await next.call("session/answer", { name: "asking", answer: { decision: "accept" } });
  expect(await finished(next, "asking", messages.asking)).toMatchObject({
    turnStatus: "completed",
  });
  for (const name of ["working", "asking"]) await expectWhole(home, name);
});

test("stop --end: turns are interrupted, no agent stays, and the history says so", async () => {
  const { messages } = await three();
  await home.ok(["daemon", "stop", "--end"]);
  expect(home.agentPids()).toEqual([]);
  const next = await home.connect();
  for (const name of ["working", "asking"] as const) {
    expect(await finished(next, name, messages[name])).toMatchObject({ turnStatus: "interrupted" });
    expect((await home.show(name)).approvals).toBe(0);
  }
});

test("restart keeps every agent as it is, in a turn or not", async () => {
  const { agents, messages } = await three();
  const daemon = home.daemonPid();
  await home.ok(["daemon", "restart"]);
  expect(home.daemonPid()).not.toBe(daemon);
  home.model.release("working");
  const next = await home.connect();
  expect(await finished(next, "working", messages.working)).toMatchObject({
    turnStatus: "completed",
  });
  for (const [name, pid] of Object.entries(agents)) {
    await eventually(async () => (await home.show(name)).agentPid === pid, {
      what: `${name} is adopted`,
    });
  }
  await expectWhole(home, "working");
});

test("SIGTERM is a stop", async () => {
  const { agents } = await three();
  await home.killDaemon("SIGTERM");
  expect(isRunning(agents.idle!)).toBe(false);
  expect([agents.working, agents.asking].map((pid) => isRunning(pid!))).toEqual([true, true]);
  expect(home.daemonLog()).toContain('"stopped"');
});

test("SIGHUP, as at a logout, is nothing to it", async () => {
  await home.ok(["new", "bot", "-d"]);
  const pid = home.daemonPid();
  const agent = await home.agentPid("bot");
  signal(pid, "SIGHUP");
  await eventually(() => home.daemonLog().includes("SIGHUP ignored"), { what: "it took note" });
  expect(home.daemonPid()).toBe(pid);
  expect(await home.agentPid("bot")).toBe(agent);
});

test("while it stops, new requests are told so, and a connection that stays open does not hold it", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  const idle = await home.connect();
  const pid = home.daemonPid();
  const stop = connection.call("daemon/stop", { agents: "settle" });
  // One connection's requests are begun in their order, so the stop was heard first.
  const late = await errorOf(connection.call("session/list", {}));
  expect(late).toMatchObject({ code: "daemon-stopping", exitCode: 6 });
  expect((await stop).sessions).toHaveLength(1);
  await whenGone(pid);
  await eventually(() => idle.closed, { what: "the idle client sees it" });
});

test("an agent that ignores the request to end is ended all the same", async () => {
  const connection = await home.connect();
  const { agentPid } = await createSession(home, connection, { name: "deaf" });
  signal(agentPid!, "SIGSTOP");
  await home.ok(["daemon", "stop"]);
  expect(isRunning(agentPid!)).toBe(false);
  expect(home.daemonPids()).toEqual([]);
});

test("who was told that it has stopped can start the next one at once", async () => {
  for (let i = 0; i < 5; i++) {
    const connection = await home.connect();
    const gone = new Promise<void>((resolve) => {
      connection.onClose = () => resolve();
    });
    await connection.call("daemon/stop", { agents: "settle" });
    await gone;
    const started = startProgram(
      process.execPath,
      [join(root, "dist/daemon.cjs"), "--foreground"],
      { env: home.env },
    );
    await eventually(() => started.stderr().includes("listening"), {
      what: "the next one listens",
    });
    expect(started.stderr()).not.toContain("Another daemon");
  }
});

test("stop with no daemon there starts none", async () => {
  expect(await home.cli(["daemon", "stop"])).toMatchObject({ code: 0 });
  expect(home.daemonPids()).toEqual([]);
});
