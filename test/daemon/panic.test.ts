/** Everything stop: whatever an agent started is ended, and nothing starts until somebody says so. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { isRunning, listProcesses, signal } from "../support/processes.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterEach(async () => {
  await home.close();
  // What a broken panic leaves has nothing by which the home would know it.
  for (const { pid, argv } of listProcesses())
    if (argv.some((one) => one.startsWith(words))) signal(pid, "SIGKILL");
});

/** On the command lines of what a test starts, and of nothing else. */
const words = `panic-${process.pid}-`;
const word = (test: number) => `${words}${test}`;

const create = (name: string) =>
  createSession(home, connection, { name, spec: { sandbox: "danger-full-access" } });
const send = (name: string, text: string) =>
  connection.call("session/send", { name, content: { text } });

/** The processes that a test's command started, by a word on their command line. */
const withWord = (one: string) => listProcesses().filter(({ argv }) => argv.includes(one));
const begun = (one: string, count: number) =>
  eventually(() => withWord(one).length >= count, { what: `${one} runs` });
const counted = (one: string) => `sh -c 'while :; do sleep 1; done' ${one}`;

/** Of every kind that gets away from its parents, with that word on the command line. */
const runaways = (one: string) =>
  [
    `${counted(one)} &`,
    `setsid ${counted(one)} &`,
    `(setsid ${counted(one)} &);`,
    `env -i PATH="$PATH" setsid ${counted(one)} &`,
    `sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done' ${one}`,
  ].join(" ");

test("a panic ends the turn and all that it started, freezes the queue, and says who did it", async () => {
  await create("bot");
  await create("other");
  const watcher = await watch(home, "bot");
  const { messageId } = await send("bot", `run ${runaways(word(1))}`);
  await begun(word(1), 5);
  const { messageId: queued } = await send("bot", "say later");
  const agent = await home.agentPid("bot");

  const outcome = await home.cli(["panic", "bot"]);
  expect([outcome.code, outcome.stderr]).toEqual([
    0,
    expect.stringContaining("nothing is left. Messages in its queue: 1."),
  ]);
  expect(withWord(word(1))).toEqual([]);
  expect(isRunning(agent)).toBe(false);
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "interrupted" });
  const { session } = await connection.call("session/show", { name: "bot" });
  expect(session).toMatchObject({ state: "asleep", queued: 1, agentPid: null });
  expect(session.frozenSince).toMatch(/^\d{4}-/);

  // Nothing but a person starts it again.
  await send("bot", "say more");
  await connection.call("session/attach", { name: "bot", wake: true });
  const refused = await errorOf(
    connection.call("session/call", { name: "bot", method: "thread/read", params: {} }),
  );
  expect(refused).toMatchObject({
    code: "session-frozen",
    next: expect.stringContaining("hacs-session wake bot"),
  });
  expect((await say(connection, "other", "say alive")).text).toBe("alive");
  expect((await connection.call("session/receipt", { name: "bot", id: queued })).status).toBe(
    "accepted",
  );

  await home.ok(["wake", "bot"]);
  expect(await finished(connection, "bot", queued)).toMatchObject({ text: "later" });
  const panics = watcher
    .records()
    .filter(({ method }) => method === "session/panic")
    .map(({ params }) => params);
  expect(panics).toMatchObject([
    { status: "begun", by: { kind: "cli" } },
    { status: "done", left: [] },
    { status: "lifted", by: { kind: "cli" } },
  ]);
  const { entries } = await connection.call("daemon/audit", { name: "bot" });
  expect(entries.map(({ action }) => action)).toContain("panic");
  watcher.stop();
});

test("an agent that was stopped with SIGSTOP, in the middle of a turn, is ended all the same", async () => {
  await create("bot");
  const { messageId } = await send("bot", `run ${runaways(word(2))}`);
  await begun(word(2), 5);
  signal(await home.agentPid("bot"), "SIGSTOP");
  const { session, left } = await connection.call("session/panic", { name: "bot" });
  expect([session.state, left]).toEqual(["asleep", []]);
  expect(withWord(word(2))).toEqual([]);
  expect(await finished(connection, "bot", messageId)).toMatchObject({
    turnStatus: "interrupted",
    error: expect.stringContaining("panic"),
  });
});

test("what starts new processes all the time does not get away", async () => {
  await create("bot");
  const fork = `sh -c 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); setsid sh -c "sleep 60" ${word(3)} & sleep 0.02; done; wait' ${word(3)}`;
  await send("bot", `run ${fork} & ${fork}`);
  await begun(word(3), 6);
  const { killed, left } = await connection.call("session/panic", { name: "bot" });
  expect(left).toEqual([]);
  expect(killed).toBeGreaterThan(6);
  expect(withWord(word(3))).toEqual([]);
});

/** A panic is under way, and what it ends is on the disk. */
async function noted(id: string): Promise<void> {
  const are = () => {
    const { recorded, processes } = JSON.parse(readFileSync(frozenFile(id), "utf8"));
    return !recorded && processes?.length >= 5;
  };
  await eventually(are, { what: "what belongs is noted", everyMs: 1 });
}

/** What is left of the session then is the one process that nobody could tell from a stranger. */
async function daemonDiesInPanic(marked: string): Promise<{ id: string }> {
  const { id } = await create("bot");
  await send("bot", `run ${runaways(marked)}`);
  await begun(marked, 5);
  // So the panic waits for it a while, and is in the middle.
  signal(await home.agentPid("bot"), "SIGSTOP");
  connection.call("session/panic", { name: "bot" }).catch(() => {});
  await noted(id);
  signal(home.daemonPid(), "SIGKILL");
  for (const { pid } of home.processes()) signal(pid, "SIGKILL");
  await eventually(() => home.processes().length === 0, { what: "the others are gone" });
  expect(withWord(marked)).toHaveLength(1);
  return { id };
}

test("a daemon that died in the middle of a panic is followed by one that ends it", async () => {
  const { id } = await daemonDiesInPanic(word(4));

  await home.ok(["ls"]);
  await eventually(() => withWord(word(4)).length === 0, { what: "nothing is left" });
  const recorded = () => JSON.parse(readFileSync(frozenFile(id), "utf8")).recorded;
  await eventually(recorded, { what: "it is written down" });
  expect(await home.show("bot")).toMatchObject({
    state: "asleep",
    frozenSince: expect.any(String),
  });
  expect(home.agentPids()).toEqual([]);
});

test("all sessions are stopped where the daemon hangs, and the daemon learns of it", async () => {
  const { id } = await create("bot");
  await create("other");
  await send("bot", `run ${runaways(word(5))}`);
  await send("other", `run ${runaways(word(6))}`);
  await begun(word(5), 5);
  await begun(word(6), 5);
  const { messageId: queued } = await send("bot", "say later");
  const daemon = home.daemonPid();
  signal(daemon, "SIGSTOP");
  const named = await home.cli(["panic", "bot"]);
  expect([named.code, named.stderr]).toEqual([6, expect.stringContaining("panic --all")]);

  const outcome = await home.cli(["panic", "--all"]);
  expect([outcome.code, outcome.stderr]).toEqual([
    0,
    expect.stringMatching(/No daemon answers. 2 sessions stopped without it, \d+ processes killed/),
  ]);
  expect([...withWord(word(5)), ...withWord(word(6))]).toEqual([]);
  expect(home.agentPids()).toEqual([]);
  expect(JSON.parse(readFileSync(frozenFile(id), "utf8")).recorded).toBe(false);

  signal(daemon, "SIGCONT");
  await eventually(() => JSON.parse(readFileSync(frozenFile(id), "utf8")).recorded, {
    what: "the daemon wrote it down",
  });
  expect(home.agentPids()).toEqual([]);
  const watcher = await watch(home, "bot");
  const done = await watcher.until(
    "the panic",
    ({ method, params }) => method === "session/panic" && params.status === "done",
  );
  expect(done.params.by).toMatchObject({ kind: "cli" });
  const again = await home.connect();
  expect((await again.call("session/receipt", { name: "bot", id: queued })).status).toBe(
    "accepted",
  );
  await home.ok(["wake", "bot", "other"]);
  expect(await finished(again, "bot", queued)).toMatchObject({ text: "later" });
  watcher.stop();
});

test("all sessions are stopped where the daemon is dead, and the next one starts nothing", async () => {
  await create("bot");
  await send("bot", `run ${runaways(word(7))}`);
  await begun(word(7), 5);
  await home.killDaemon();
  await home.ok(["panic", "--all"]);
  expect(withWord(word(7))).toEqual([]);
  expect(home.processes().filter(({ argv }) => argv.includes("app-server"))).toEqual([]);
  expect(home.daemonPids()).toEqual([]);
  const [session] = await home.cliJson(["ls"]);
  expect(session).toMatchObject({ state: "asleep", frozenSince: expect.any(String) });
  const next = await home.connect();
  const said = async () => {
    const { entries } = await next.call("daemon/audit", { name: "bot" });
    return entries.find(({ action, by }) => action === "panic" && by.kind === "cli");
  };
  await eventually(said, { what: "the audit has it" });
  expect(home.agentPids()).toEqual([]);
});

test("who is stopping a session when the daemon dies is answered by the next one", async () => {
  const { id } = await create("bot");
  await send("bot", `run ${runaways(word(10))}`);
  await begun(word(10), 5);
  signal(await home.agentPid("bot"), "SIGSTOP");
  const stopping = home.start(["panic", "bot"]);
  await noted(id);
  signal(home.daemonPid(), "SIGKILL");
  const { code, stderr } = await stopping.ended;
  expect([code, stderr]).toEqual([0, expect.stringContaining("nothing is left")]);
  expect(withWord(word(10))).toEqual([]);
  expect(home.agentPids()).toEqual([]);
});

test("who lets a session go on while it is stopped does so after that", async () => {
  const { id } = await create("bot");
  for (const verb of ["wake", "restart"] as const) {
    await send("bot", `run ${runaways(word(11))}`);
    await begun(word(11), 5);
    const { messageId: queued } = await send("bot", "say later");
    // So the panic waits for it a while, and is in the middle.
    signal(await home.agentPid("bot"), "SIGSTOP");
    const stopping = connection.call("session/panic", { name: "bot" });
    await noted(id);
    const going = connection.call(`session/${verb}`, { name: "bot" });
    expect(await stopping).toMatchObject({ left: [] });
    expect(withWord(word(11))).toEqual([]);
    expect((await going).session.frozenSince).toBeUndefined();
    expect(await finished(connection, "bot", queued)).toMatchObject({ text: "later" });
    expect((await home.show("bot")).frozenSince).toBeUndefined();
  }
});

test("what a daemon that died in a panic had seen is ended without one, too", async () => {
  await daemonDiesInPanic(word(8));

  await home.ok(["panic", "--all"]);
  expect(withWord(word(8))).toEqual([]);
  expect(home.daemonPids()).toEqual([]);
});

test("an agent that hangs while it starts is not waited for, nor while its session is made", async () => {
  await create("bot");
  await home.ok(["sleep", "bot"]);
  await home.ok(["daemon", "stop"]);
  const version = '[ "$1" = --version ] && { echo codex-cli 9.9.9; exit; }';
  const hanging = (name: string, lines: string) => {
    const path = join(home.dir, name);
    const loop = `exec sh -c "while :; do sleep 1; done" ${word(9)}`;
    writeFileSync(path, `#!/bin/sh\n${lines}\n${loop}\n`, { mode: 0o755 });
    return path;
  };
  home.configure({ codex: hanging("late", version) });
  connection = await home.connect();
  const woken = errorOf(connection.call("session/wake", { name: "bot" }));
  await begun(word(9), 1);
  expect(await connection.call("session/panic", { name: "bot" })).toMatchObject({ left: [] });
  expect(withWord(word(9))).toEqual([]);
  expect(await woken).toMatchObject({ code: "codex-failed" });

  // One that does not even tell its version has no agent yet.
  for (const lines of [version, ""]) {
    const codex = hanging(`codex${lines.length}`, lines);
    const made = errorOf(createSession(home, connection, { name: "new", spec: { codex } }));
    await begun(word(9), 1);
    const [stopped] = await home.cliJson(["panic", "new"]);
    expect(stopped).toMatchObject({ session: { state: "ended" }, left: [] });
    expect(withWord(word(9))).toEqual([]);
    expect(await made).toMatchObject({
      code: "session-frozen",
      message: expect.stringMatching(/^Session "new" was stopped by .*\(panic\) while it was made/),
    });
  }
  expect((await home.cliJson(["ls", "--all"])).map((one: { name: string }) => one.name)).toEqual([
    "bot",
  ]);
});

test("a process that only looks like an agent is left alone", async () => {
  const { id } = await create("bot");
  const { spawn } = await import("node:child_process");
  // The id of another session, and the socket where it is no argument of an agent's.
  const socket = join(home.dir, `run/default.agents/${id}.sock`);
  const innocent = spawn("sleep", ["987", `unix://${socket}`].slice(0, 1), {
    env: { PATH: process.env.PATH, HACS_SESSION_ID: `${id}0`, NOT_HACS_SESSION_ID: id },
    argv0: `unix://${socket}`,
    detached: true,
  });
  try {
    await home.ok(["panic", "--all"]);
    expect(isRunning(innocent.pid!)).toBe(true);
  } finally {
    innocent.kill("SIGKILL");
  }
});

test("--all is every session, and one at a time is named", async () => {
  await create("bot");
  await create("other");
  for (const args of [[], ["bot", "--all"], ["bot", "--peers"]])
    expect((await home.cli(["panic", ...args])).code).toBe(2);
  const all = await home.cliJson(["panic", "--all"]);
  expect(all.map(({ session }: { session: { name: string } }) => session.name).sort()).toEqual([
    "bot",
    "other",
  ]);
  expect(home.agentPids()).toEqual([]);
  expect(await home.ok(["ls"])).toMatch(/asleep, frozen since/);
  // Again is no mistake.
  await home.ok(["panic", "--all"]);
  await home.ok(["restart", "bot"]);
  expect((await home.show("bot")).state).toBe("idle");
});

function frozenFile(id: string): string {
  return join(home.dir, "state/default/sessions", id, "frozen.json");
}

test("who sends to a frozen session is told so, with and without --wait, and how to let it go on", async () => {
  await create("bot");
  await home.ok(["panic", "bot"]);
  const told = /^bot is frozen after a panic: .*hacs-session wake bot\n/;
  expect(await home.cli(["send", "bot", "say kept"])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(told),
  });
  const late = await home.cli(["send", "bot", "say late", "--wait", "--timeout", "50ms"]);
  expect(late).toMatchObject({ code: 124, stdout: "" });

  const waiting = home.start(["send", "bot", "say hello", "--wait"]);
  await eventually(() => told.test(waiting.stderr()), { what: "it is told" });
  await home.ok(["wake", "bot"]);
  const { code, stdout, stderr } = await waiting.ended;
  expect([code, stdout, stderr.split("\n").length]).toEqual([0, "hello\n", 2]);
});

test("who waits for an answer is told when the session is frozen meanwhile", async () => {
  await create("bot");
  await send("bot", "gated k");
  await home.model.reached("k");
  const waiting = home.start(["send", "bot", "say later", "--wait"]);
  await eventually(async () => (await home.show("bot")).queued === 1, { what: "it is queued" });
  await home.ok(["panic", "bot"]);
  await eventually(() => waiting.stderr().includes("bot is frozen"), { what: "it is told" });
  home.model.release("k");
  await home.ok(["wake", "bot"]);
  expect((await waiting.ended).stdout).toBe("later\n");
});
