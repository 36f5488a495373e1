/**
 * A machine that has run out of something, or stood still: the daemon says so, loses nothing, and
 * goes on when it is there again.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dial } from "../../src/client/dial.ts";
import { eventually } from "../support/eventually.ts";
import { clientIdsIn } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { listProcesses, signal } from "../support/processes.ts";
import { runProgram } from "../support/program.ts";
import { createSession, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
/** On the command lines of what a test starts, and of nothing else. */
const word = `scarce-${process.pid}`;
const marked = () => listProcesses().filter(({ argv }) => argv.includes(word));
beforeEach(async () => {
  home = await createHome();
});
afterEach(async () => {
  await home.close();
  for (const { pid } of marked()) signal(pid, "SIGKILL");
});

/** The soft limit, which may be raised again. */
const limit = (pid: number, what: string, most: number | string) =>
  execFileSync("prlimit", ["--pid", String(pid), `--${what}=${most}:`]);

test("a disk that is full: nothing is acknowledged that is not kept, and nothing acknowledged is lost", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "say before");
  // The file may not grow any more, as on a disk without room.
  const state = join(home.dir, "state/default");
  const largest = Math.max(...readdirSync(state).map((file) => statSync(join(state, file)).size));
  limit(home.daemonPid(), "fsize", largest);
  const acknowledged: string[] = ["before"];
  const refused: string[] = [];
  for (let i = 0; refused.length === 0; i++) {
    const content = { text: `say ${"x".repeat(20_000)}` };
    const sent = home
      .connect()
      .then((one) => one.call("session/send", { name: "bot", id: `m${i}`, content }));
    await sent.then(
      () => acknowledged.push(`m${i}`),
      (error) => refused.push(error.code),
    );
  }
  expect(refused).toEqual([expect.stringMatching(/^(state-unwritable|daemon-unreachable)$/)]);
  // There is room again: for the daemon that stayed, or for the next one.
  for (const pid of home.daemonPids()) limit(pid, "fsize", "unlimited");
  const again = await home.connect();
  await again.call("session/send", { name: "bot", id: "last", content: { text: "say last" } });
  await home.ok(["wait", "bot", "--for", "idle"], { timeoutMs: 60_000 });
  const there = clientIdsIn(await expectWhole(home, "bot"));
  expect(there.slice(1)).toEqual([...acknowledged.slice(1), "last"]);
});

test("a disk that is full keeps nobody from stopping things, and a panic outlasts it", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot", spec: { sandbox: "danger-full-access" } });
  // It has left its parents when the turn ends, as what a panic is for does.
  const away = `(setsid sh -c 'while :; do sleep 1; done' ${word} >/dev/null 2>&1 &)`;
  await connection.call("session/send", { name: "bot", content: { text: `run ${away}` } });
  await eventually(() => marked().length > 0, { what: "it runs" });
  await home.ok(["wait", "bot"]);
  // Not a byte may be written; a name takes no room.
  limit(home.daemonPid(), "fsize", 0);
  const outcome = await home.cli(["panic", "--all"]);
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.stringContaining("nothing is left")]);
  expect(marked()).toEqual([]);
  expect(home.agentPids()).toEqual([]);
  for (const pid of home.daemonPids()) signal(pid, "SIGKILL");
  await eventually(() => home.daemonPids().length === 0, { what: "the daemon is gone" });
  expect(await home.show("bot")).toMatchObject({
    state: "asleep",
    frozenSince: expect.any(String),
  });
  await home.ok(["wake", "bot"]);
  expect(await home.ok(["send", "bot", "say after", "--wait"])).toBe("after\n");
  await expectWhole(home, "bot");
});

test("a turn is interrupted though that can't be written down", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  await connection.call("session/send", { name: "bot", id: "m", content: { text: "gated k" } });
  await home.model.reached("k");
  // With nothing more to write until then: another write may end the daemon before it is asked.
  const db = new DatabaseSync(join(home.dir, "state/default/history.db"), { readOnly: true });
  const draft = db.prepare("SELECT 1 FROM drafts WHERE draft LIKE '%before k%'");
  await eventually(() => draft.get(), { what: "what was shown is kept" });
  db.close();
  limit(home.daemonPid(), "fsize", 0);
  // The daemon may end with the turn, since it can't keep what codex says of it.
  await home.cli(["interrupt", "bot"]);
  for (const pid of home.daemonPids()) limit(pid, "fsize", "unlimited");
  const again = await home.connect();
  const ended = async () => (await again.call("session/receipt", { name: "bot", id: "m" })).status;
  await eventually(async () => (await ended()) === "finished", { what: "the turn has ended" });
  expect(await again.call("session/receipt", { name: "bot", id: "m" })).toMatchObject({
    turnStatus: "interrupted",
  });
});

test("a state directory that can't be written is told with what to check, and left as it is", async () => {
  await home.ok(["daemon", "start"]);
  await home.ok(["daemon", "stop"]);
  const state = join(home.dir, "state/default");
  chmodSync(state, 0o500);
  for (const file of readdirSync(state)) chmodSync(join(state, file), 0o400);
  // Even root is to obey the modes here.
  const bare = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", program];
  const asRoot = process.getuid?.() === 0;
  const { code, stderr } = await runProgram(
    asRoot ? "setpriv" : program,
    [...(asRoot ? bare : []), "ls"],
    { env: home.env, cwd: home.work },
  );
  chmodSync(state, 0o700);
  expect(code).not.toBe(0);
  expect(stderr).toContain(state);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
  await eventually(() => home.daemonPids().length === 0, { what: "no daemon stays" });
});

test("no descriptors left: who is there is served, who comes is told, and later all is well", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  const pid = home.daemonPid();
  const [, usual = ""] =
    /Max open files +(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, "utf8")) ?? [];
  limit(pid, "nofile", readdirSync(`/proc/${pid}/fd`).length);
  expect((await say(connection, "bot", "say served")).text).toBe("served");
  // A few numbers below the limit may be free.
  const crowd = Array.from({ length: 100 }, () => dial(home.socket, "script"));
  const errors = (await Promise.allSettled(crowd)).filter(({ status }) => status === "rejected");
  expect(errors.length).toBeGreaterThan(50);
  for (const { reason } of errors as PromiseRejectedResult[])
    expect(reason.code).toMatch(/^daemon-(unreachable|hung)$/);
  limit(pid, "nofile", usual);
  await eventually(async () => (await home.cli(["ls"])).code === 0, { what: "clients are let in" });
  expect(home.daemonPid()).toBe(pid);
  expect((await say(connection, "bot", "say after")).text).toBe("after");
  for (const one of crowd) await one.then((client) => client.close()).catch(() => {});
});

test("a machine that sleeps in the middle of a turn goes on with it when it wakes", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  const watcher = await watch(home, "bot");
  const id = (await home.ok(["send", "bot", "gated k done"])).trim();
  await home.model.reached("k");
  const pids = [home.daemonPid(), ...home.agentPids()];
  for (const pid of pids) signal(pid, "SIGSTOP");
  home.model.release("k");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  for (const pid of pids) signal(pid, "SIGCONT");
  expect((await watcher.message(id, "finished")).params).toMatchObject({
    turnStatus: "completed",
    text: expect.stringContaining("done"),
  });
  expect([home.daemonPid(), ...home.agentPids()]).toEqual(pids);
  await expectWhole(home, "bot");
  watcher.stop();
});
