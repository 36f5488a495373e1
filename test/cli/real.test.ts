/** The command line as it is run: real processes, a real daemon, a real codex. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, within } from "../support/eventually.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { sequenceOf } from "../support/keys.ts";
import type { TestTerminal } from "../support/terminal.ts";

let home: Home;
let terminal: TestTerminal | undefined;
beforeEach(async () => {
  home = await createHome();
});
afterEach(async () => {
  await terminal?.close();
  terminal = undefined;
  await home.close();
});

describe("send --wait", () => {
  test("prints the answer alone, and as JSON the contract's fields", async () => {
    expect(await home.ok(["new", "fix", "-d"])).toBe("fix\n");
    expect(await home.ok(["send", "fix", "say hello", "--wait"])).toBe("hello\n");
    const sent = await home.cliJson(["send", "fix", "say again", "--wait", "--id", "m1"]);
    expect(sent).toEqual({
      session: "fix",
      messageId: "m1",
      turnId: expect.any(String),
      status: "completed",
      text: "again",
      seq: expect.any(Number),
      usage: expect.any(Object),
    });
    // The same id is the same message, and its answer is there at once.
    expect(await home.cliJson(["send", "fix", "say again", "--wait", "--id", "m1"])).toEqual(sent);
  });

  test("reads stdin, and ends with 4 when the turn fails", async () => {
    await home.ok(["new", "fix", "-d"]);
    expect(await home.ok(["send", "fix", "-w"], { input: "say piped\n" })).toBe("piped\n");
    const failed = await home.cli(["send", "fix", "fail oh no", "--wait", "--json"]);
    expect(failed.code).toBe(4);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      status: "failed",
      error: expect.any(String),
    });
    expect(JSON.parse(failed.stderr).error).toMatchObject({ code: "turn-failed" });
  });

  test("ends with 5 when an approval waits, and deny and approve answer it", async () => {
    await home.ok(["new", "fix", "-d", "-a", "on-request"]);
    const asked = await home.cli(["send", "fix", "ask echo yes", "--wait"]);
    expect(asked.code).toBe(5);
    expect(asked.stderr).toContain("echo yes");
    expect(asked.stderr).toContain("hacs-session approve fix");
    expect(await home.ok(["ls"])).toContain("needs-approval");
    expect(await home.ok(["approve", "fix"])).toMatch(/^accept: command /);
    await home.ok(["wait", "fix"]);
    expect(await home.ok(["tail", "fix"])).toContain("[accept by ");
    expect((await home.cli(["approve", "fix"])).code).toBe(1);

    const through = home.start(["send", "fix", "ask echo no", "--wait", "--through-approvals"], {
      input: "",
    });
    await home.ok(["wait", "fix", "--for", "approval", "--timeout", "20s"]);
    await home.ok(["deny", "fix", "--abort"]);
    expect((await through.ended).code).toBe(4);
  });

  test("that takes too long ends with 124, and one that is interrupted with 130", async () => {
    await home.ok(["new", "fix", "-d"]);
    const late = await home.cli(["send", "fix", "gated k", "--wait", "--timeout", "100ms"]);
    expect(late.code).toBe(124);
    const left = home.start(["send", "fix", "say later", "--wait", "--id", "m2"], { input: "" });
    await eventually(async () => (await home.show("fix")).queued === 1, { what: "m2 is queued" });
    left.kill("SIGINT");
    const { code, stderr } = await left.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("Message m2 is accepted, and goes on");
    home.model.release("k");
    expect(await home.ok(["send", "fix", "say later", "--wait", "--id", "m2"])).toBe("later\n");
  });

  test.each(["1ms", "20ms", "100ms"])(
    "whose time runs out before it is attached ends with 124 (%s)",
    async (time) => {
      const { code, stderr } = await home.cli(["send", "fix", "say x", "-w", "-t", time]);
      expect([code, stderr]).toEqual([124, expect.stringMatching(/^(hacs-session: .*\n.*\n)$/)]);
    },
  );

  test("comes through a daemon that is killed in the middle of the answer", async () => {
    await home.ok(["new", "fix", "-d"]);
    const waiting = home.start(["send", "fix", "gated k the end", "--wait"], { input: "" });
    await home.model.reached("k");
    await home.killDaemon();
    await eventually(() => home.daemonPids().length === 1, { what: "a new daemon" });
    home.model.release("k");
    expect(await waiting.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("the end"),
    });
    expect(home.model.texts().filter((text) => text.startsWith("gated"))).toHaveLength(1);
  });
});

describe("wait", () => {
  test("for a turn ends with it, and tells how it ended", async () => {
    await home.ok(["new", "fix", "-d"]);
    await home.ok(["send", "fix", "gated k"]);
    await home.model.reached("k");
    const turn = home.start(["wait", "fix", "--for", "turn"]);
    const idle = home.start(["wait", "fix", "--json"]);
    await eventually(async () => (await home.cli(["wait", "fix", "-t", "50ms"])).code === 124, {
      what: "a wait in vain",
    });
    await home.ok(["interrupt", "fix"]);
    expect((await turn.ended).code).toBe(4);
    expect(JSON.parse((await idle.ended).stdout)).toMatchObject({ name: "fix", state: "idle" });
  });

  test("in a session that was ended is an error, not a wait", async () => {
    await home.ok(["new", "fix", "-d"]);
    const waiting = home.start(["wait", "fix", "--for", "approval"]);
    await eventually(async () => (await home.cli(["wait", "fix"])).code === 0, { what: "idle" });
    await home.ok(["kill", "fix"]);
    expect((await waiting.ended).code).toBe(3);
    expect((await home.cli(["wait", "fix"])).code).toBe(3);
  });
});

describe("tail", () => {
  test("-f has every record once when the daemon is killed, and ends with the session", async () => {
    await home.ok(["new", "fix", "-d"]);
    const tail = home.start(["tail", "fix", "-f", "--json"]);
    await home.ok(["send", "fix", "say one", "--wait"]);
    await tail.waitFor('"finished"');
    await home.killDaemon();
    await home.ok(["send", "fix", "say two", "--wait"]);
    await home.ok(["kill", "fix"]);
    const { code, stdout } = await tail.ended;
    expect(code).toBe(0);
    const records = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, i) => i + 1));
    expect(await home.ok(["tail", "fix", "--json"])).toBe(stdout);
    const since = (await home.ok(["tail", "fix", "--json", "--since", "2"])).split("\n");
    expect(since[0]).toBe(stdout.split("\n")[2]);
    expect(await home.ok(["tail", "fix", "--json", "-n", "3"])).toBe(
      `${stdout.trim().split("\n").slice(-3).join("\n")}\n`,
    );
  });

  test("-n counts what a reader sees, and --since past the end is an error", async () => {
    await home.ok(["new", "fix", "-d"]);
    await home.ok(["send", "fix", "say one", "--wait"]);
    await home.ok(["send", "fix", "say two", "--wait"]);
    expect(await home.ok(["tail", "fix", "-n", "2"])).toBe("> say two\ntwo\n");
    const ahead = await home.cli(["tail", "fix", "--since", "100000"]);
    expect([ahead.code, ahead.stderr]).toEqual([2, expect.stringContaining("100000")]);
  });

  test("prints the answer while it is written, with --deltas", async () => {
    await home.ok(["new", "fix", "-d"]);
    const tail = home.start(["tail", "fix", "-f", "--deltas"]);
    await tail.waitFor("created in");
    await home.ok(["send", "fix", "gated k and the rest"]);
    await tail.waitFor("before k");
    home.model.release("k");
    await tail.waitFor("before k and the rest");
    tail.kill("SIGINT");
    expect(await tail.ended).toMatchObject({
      code: 130,
      stdout: expect.stringMatching(/^before k and the rest$/m),
    });
  });

  test("whose reader has gone still ends with its verdict", async () => {
    await home.ok(["new", "fix", "-d"]);
    const args = ["send", "fix", "gated k", "--wait", "--json", "--timeout", "100ms"];
    const child = spawn(program, args, { env: home.env, stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.destroy();
    expect(await once(child, "exit")).toEqual([124, null]);
  });

  test("that can't be written anywhere says so", async () => {
    await home.ok(["daemon", "start"]);
    const child = spawnSync("bash", ["-c", `"${program}" daemon status > /dev/full`], {
      env: home.env,
      encoding: "utf8",
    });
    expect(child.status).toBe(1);
    expect(child.stderr).toContain("can't be written (ENOSPC)");
  });

  test("that nobody reads is interrupted all the same", async () => {
    await home.ok(["new", "fix", "-d"]);
    await home.ok(["send", "fix", "--wait"], { input: `say ${"long ".repeat(100_000)}` });
    const child = spawn(program, ["tail", "fix"], {
      env: home.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    // It has begun, and no pipe holds all of it.
    await once(child.stdout, "readable");
    child.kill("SIGINT");
    expect(await within(once(child, "exit"), { what: "it ends" })).toEqual([null, "SIGINT"]);
  });

  test("into head ends quietly", async () => {
    await home.ok(["new", "fix", "-d", "say hello"]);
    await home.ok(["wait", "fix"]);
    const line = `"${program}" tail fix --json | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", line], { env: home.env, encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["0\n", ""]);
  });
});

describe("daemon", () => {
  test("status and stop start none; the others say what they did", async () => {
    expect((await home.cli(["daemon", "status"])).code).toBe(6);
    expect(await home.cli(["daemon", "stop"])).toMatchObject({
      code: 0,
      stderr: "No daemon runs.\n",
    });
    expect(home.daemonPids()).toEqual([]);
    const { pid } = await home.cliJson(["daemon", "start"]);
    expect(await home.cliJson(["daemon", "start"])).toMatchObject({ pid });
    await home.ok(["new", "fix", "-d"]);
    const agent = await home.agentPid("fix");
    const restarted = await home.cliJson(["daemon", "restart"]);
    expect(restarted.pid).not.toBe(pid);
    expect(await home.agentPid("fix")).toBe(agent);
    expect(await home.ok(["daemon", "stop"])).toMatch(/^fix: /);
    expect((await home.cli(["daemon", "status"])).code).toBe(6);
  });

  test("that was stopped is not called back by who follows", async () => {
    await home.ok(["new", "fix", "-d"]);
    const tail = home.start(["tail", "fix", "-f", "--json", "--verbose"]);
    await tail.waitFor("session/created");
    await home.ok(["daemon", "stop"]);
    await eventually(() => tail.stderr().includes("waiting for it"), {
      what: "the tail to notice",
    });
    await eventually(() => tail.stderr().split("and is not started again").length > 3, {
      what: "it has looked three times",
    });
    expect(home.daemonPids()).toEqual([]);
    await home.ok(["kill", "fix"]);
    expect((await tail.ended).code).toBe(0);
  });

  test("that hangs is named by every command, with how to end it", async () => {
    const { pid } = await home.cliJson(["daemon", "start"]);
    process.kill(pid, "SIGSTOP");
    for (const line of ["daemon status", "daemon stop", "ls"]) {
      const { code, stderr } = await home.cli(line.split(" "));
      expect(code, line).toBe(6);
      expect(stderr).toContain(`The daemon (pid ${pid}) does not answer`);
      expect(stderr).toContain(`kill -9 ${pid}`);
    }
    const late = await home.cli(["wait", "fix", "-t", "100ms"]);
    expect([late.code, late.stderr]).toEqual([124, expect.stringContaining("100ms")]);
    process.kill(pid, "SIGKILL");
    await home.ok(["ls"]);
  });

  test("that is restarted again and again fails no command", async () => {
    await home.ok(["new", "fix", "-d"]);
    let restarting = true;
    const restarts = (async () => {
      for (let time = 0; time < 4; time++) await home.ok(["daemon", "restart"]);
      restarting = false;
    })();
    const commands = [0, 1, 2].map(async () => {
      while (restarting) await home.ok(["ls"]);
    });
    await Promise.all([restarts, ...commands]);
  });

  test("is found by a relative HACS_SESSION_HOME and a relative -S, wherever the agent works", async () => {
    const env = { HACS_SESSION_HOME: "../" };
    const { socket } = await home.cliJson(["daemon", "start"], { env });
    expect(socket).toBe(home.socket);
    mkdirSync(join(home.work, "s"), { mode: 0o700 });
    const other = await home.cliJson(["-S", "s/d.sock", "daemon", "start"]);
    expect(other.socket).toBe(join(home.work, "s/d.sock"));
    expect((await home.cli(["-S", "t/d.sock", "ls"])).code).toBe(6);
    expect(existsSync(join(home.work, "t"))).toBe(false);
  });

  test("run stays in the foreground and ends on a signal", async () => {
    const run = home.start(["daemon", "run"]);
    await eventually(async () => (await home.cli(["daemon", "status"])).code === 0, {
      what: "an answer",
    });
    expect((await home.cliJson(["daemon", "status"])).pid).toBe(run.pid);
    run.kill("SIGTERM");
    expect(await run.ended).toMatchObject({ code: 0, signal: null });
  });
});

test("a completion has the sessions of the moment, and starts no daemon", async () => {
  expect(await home.ok(["__complete", "send", ""])).toBe("");
  expect(home.daemonPids()).toEqual([]);
  await home.ok(["new", "fix", "-d"]);
  expect(await home.ok(["__complete", "send", "f"])).toMatch(/^fix\tidle/);
});

test("an error is three lines at most, and JSON for machines", async () => {
  for (const argv of [
    ["show", "nope"],
    ["sned"],
    ["new", "a/b", "-d"],
    ["new", "-C", "/nowhere", "-d"],
  ]) {
    const text = await home.cli(argv);
    expect(text.code).toBeGreaterThan(1);
    expect(text.stdout).toBe("");
    expect(text.stderr).toMatch(/^hacs-session: .+\n/);
    expect(text.stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
    const json = await home.cli(["--json", ...argv]);
    expect(json.code).toBe(text.code);
    expect(Object.keys(JSON.parse(json.stderr).error)).toEqual(["code", "message", "next"]);
  }
});

describe("a terminal", () => {
  const detach = [sequenceOf("ctrl-b"), "d"];

  test("new attaches, and detaching leaves the session as it was", async () => {
    terminal = home.terminal(["new", "fix", "say hello there"]);
    await terminal.waitFor("hello there");
    for (const key of detach) terminal.type(key);
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    expect(terminal.text()).toContain("[detached (from session fix)]");
    expect(await home.cliJson(["wait", "fix"])).toMatchObject({ state: "idle", clients: 0 });
  });

  test("attach to a session that is not there is an error like any other", async () => {
    terminal = home.terminal(["attach", "nope"], { cols: 100 });
    expect(await terminal.exited).toEqual({ code: 3, signal: null });
    expect(terminal.text()).toContain('hacs-session: There is no session "nope".');
  });

  test("attach --codex opens codex's own TUI on the live thread", async () => {
    await home.ok(["new", "fix", "-d"]);
    await home.ok(["send", "fix", "say from us", "--wait"]);
    terminal = home.terminal(["attach", "fix", "--codex"], { cols: 100, rows: 30 });
    await terminal.waitFor("from us");
    terminal.type("say from there");
    await terminal.waitFor("say from there");
    terminal.press("enter");
    await terminal.waitFor((lines) => lines.some((line) => /^• from there/.test(line)));
    // Their screen may be ahead of ours.
    await home.ok(["wait", "fix"]);
    expect(await home.ok(["tail", "fix", "-n", "2"])).toBe("> say from there\nfrom there\n");
    terminal.type("/quit");
    await terminal.waitFor("/quit");
    terminal.press("enter");
    expect((await terminal.exited).code).toBe(0);
    expect(await home.cliJson(["wait", "fix"])).toMatchObject({ state: "idle" });
  });

  test("without a verb attaches to the session used last, or prints the help", async () => {
    terminal = home.terminal([], { cols: 120, rows: 100 });
    await terminal.waitFor("Usage: hacs-session");
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    await terminal.close();
    await home.ok(["new", "older", "-d"]);
    await home.ok(["new", "newer", "-d"]);
    await home.ok(["send", "older", "say I was last", "--wait"]);
    terminal = home.terminal([]);
    await terminal.waitFor("I was last");
    await home.ok(["kill", "older"]);
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    expect(terminal.text()).toContain("[ended] (session older)");
  });
});

describe("start", () => {
  test("without a terminal sends a message and prints the answer", async () => {
    const { code, stdout, stderr } = await home.cli(["start"]);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("Try next:"),
    });
    expect(stdout).toContain("you said: Say hello");
    expect((await home.cliJson(["ls"])).map(({ name }: { name: string }) => name)).toEqual([
      "work",
    ]);
    await home.ok(["start"]);
    expect(await home.cliJson(["ls"])).toHaveLength(1);
  });

  test("without a login runs the demo, and says so", async () => {
    const empty = join(home.dir, "empty");
    mkdirSync(empty);
    const { code, stdout, stderr } = await home.cli(["start"], {
      env: { CODEX_HOME: empty, INIT_CWD: home.codexHome },
    });
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("Not signed in"),
    });
    expect(stdout).toContain("[demo model]");
    expect(await home.ok(["ls"])).toMatch(/^codex-demo +idle \(demo\)/m);
  });
});

test("doctor finds what is wrong", async () => {
  const findings = await home.cliJson(["doctor"]);
  expect(findings.map(({ check }: { check: string }) => check)).toContain("daemon");
  expect(findings.filter(({ status }: { status: string }) => status === "fail")).toEqual([]);
  const broken = await home.cli(["doctor", "--codex", "/nowhere/codex"]);
  expect([broken.code, broken.stdout]).toEqual([1, expect.stringMatching(/^fail +codex/m)]);
});
