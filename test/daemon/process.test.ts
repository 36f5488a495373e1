/** One daemon a machine and user: who may start, what it replaces, what it refuses, what it leaves. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { runProgram, startProgram } from "../support/program.ts";
import { createSession, say } from "../support/sessions.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

/** The daemon's own program, without the command line's care around it. */
const bareDaemon = () =>
  startProgram(process.execPath, [join(root, "dist/daemon.cjs"), "--foreground"], {
    env: home.env,
  });

test("fifty commands that start it at once get one daemon", async () => {
  const starters = Array.from({ length: 50 }, () => home.start(["daemon", "start", "-q"]));
  for (const { ended } of starters) expect(await ended).toMatchObject({ code: 0, stderr: "" });
  expect(home.daemonPids()).toHaveLength(1);
});

test("fifty clients with nothing there are served by one daemon", async () => {
  const lists = Array.from({ length: 50 }, () => home.start(["ls", "--json"]));
  for (const { ended } of lists) expect(await ended).toMatchObject({ code: 0, stdout: "[]\n" });
  expect(home.daemonPids()).toHaveLength(1);
});

test("of daemons that start side by side one lives, and the others say why not", async () => {
  const all = Array.from({ length: 6 }, bareDaemon);
  const outcomes: string[] = [];
  await new Promise<void>((resolve) => {
    for (const each of all) {
      void each.ended.then(({ code, stderr }) => {
        outcomes.push(`${code} ${stderr}`);
        if (outcomes.length === all.length - 1) resolve();
      });
    }
  });
  for (const outcome of outcomes) expect(outcome).toMatch(/^1 [\s\S]*Another daemon holds/);
  expect(home.daemonPids()).toHaveLength(1);
  await home.ok(["ls"]);
});

test("a second daemon is refused while the first one lives, and starts when it is dead", async () => {
  await home.ok(["daemon", "start"]);
  const pid = home.daemonPid();
  const { code, stderr } = await bareDaemon().ended;
  expect([code, stderr]).toEqual([1, expect.stringContaining("daemon stop")]);
  expect(home.daemonPid()).toBe(pid);
  await home.killDaemon();
  expect(lstatSync(home.socket).isSocket()).toBe(true);
  await home.ok(["ls"]);
  expect(home.daemonPid()).not.toBe(pid);
});

test("killed and called again at once, it is there again", async () => {
  for (let i = 0; i < 5; i++) {
    await home.ok(["ls"]);
    process.kill(home.daemonPid(), "SIGKILL");
  }
  await home.ok(["ls"]);
});

describe("what is in the socket's place and not ours is left alone", () => {
  beforeEach(() => mkdirSync(dirname(home.socket), { mode: 0o700 }));

  test("a file", async () => {
    writeFileSync(home.socket, "precious");
    expect(await home.cli(["daemon", "start"])).toMatchObject({ code: 7 });
    expect(await bareDaemon().ended).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("in the way"),
    });
    expect(readFileSync(home.socket, "utf8")).toBe("precious");
  });

  test("a symlink, wherever it leads", async () => {
    writeFileSync(join(home.dir, "target"), "precious");
    symlinkSync(join(home.dir, "target"), home.socket);
    expect(await home.cli(["daemon", "start"])).toMatchObject({ code: 7 });
    expect(await bareDaemon().ended).toMatchObject({ code: 7 });
    expect(lstatSync(home.socket).isSymbolicLink()).toBe(true);
  });

  test("somebody who listens there", async () => {
    const server = net.createServer().listen(home.socket);
    await new Promise((resolve) => server.once("listening", resolve));
    const { code, stderr } = await bareDaemon().ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining("already listens")]);
    expect(server.listening).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("a directory that others can get into is refused, by command and daemon", () => {
  const refused = async (path: string, why: string) => {
    for (const outcome of [await home.cli(["ls"]), await bareDaemon().ended]) {
      expect(outcome).toMatchObject({ code: 7, stderr: expect.stringContaining(why) });
      expect(outcome.stderr).toContain(path);
    }
    await eventually(() => home.daemonPids().length === 0, { what: "no daemon stays" });
  };

  test.each([
    ["run", 0o755],
    ["run", 0o710],
    ["state/default", 0o750],
    ["run/default.agents", 0o777],
  ])("%s with mode %o", async (name, mode) => {
    const path = join(home.dir, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, mode);
    await refused(path, `mode ${mode.toString(8)}`);
  });

  test("a symlink to a private directory", async () => {
    mkdirSync(join(home.dir, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(home.dir, "elsewhere"), join(home.dir, "run"));
    await refused(join(home.dir, "run"), "symlink");
    expect(readdirSync(join(home.dir, "elsewhere"))).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)("another user's directory", async () => {
    const path = join(home.dir, "run");
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, 65534, 65534);
    await refused(path, "belongs to uid 65534");
  });
});

test("all files are the owner's alone, also under a lax umask", async () => {
  const line = 'umask 0; exec "$0" "$@"';
  const { code } = await runProgram("sh", ["-c", line, program, "new", "bot", "-d"], {
    env: home.env,
    cwd: home.work,
  });
  expect(code).toBe(0);
  await say(await home.connect(), "bot", "say hello");
  const open: string[] = [];
  for (const top of ["run", "state/default"]) {
    const path = join(home.dir, top);
    for (const entry of [
      path,
      ...readdirSync(path, { recursive: true }).map((name) => join(path, String(name))),
    ]) {
      const stat = lstatSync(entry);
      if (!stat.isSymbolicLink() && (stat.mode & 0o077) !== 0)
        open.push(`${entry} ${(stat.mode & 0o777).toString(8)}`);
    }
  }
  expect(open).toEqual([]);
  expect(statSync(home.socket).mode & 0o777).toBe(0o600);
  for (const name of ["daemon.log", "history.db"]) {
    expect(statSync(join(home.dir, "state/default", name)).mode & 0o777).toBe(0o600);
  }
});

test.runIf(process.getuid?.() === 0)(
  "another user gets into no socket, whatever its mode",
  async () => {
    await createSession(home, await home.connect(), { name: "bot" });
    const { codexSocket } = await home.show("bot");
    // The way there is open, so that it is our own directory that keeps them out.
    chmodSync(home.dir, 0o755);
    const connect = `const s = require("net").connect(process.argv[1]);
    s.on("connect", () => { console.log("in"); process.exit(); });
    s.on("error", (error) => console.log(error.code));`;
    const asNobody = (socket: string) =>
      runProgram(
        "setpriv",
        [
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          process.execPath,
          "-e",
          connect,
          socket,
        ],
        { cwd: "/" },
      );
    const agent = await home.agentSocket("bot");
    for (const socket of [home.socket, codexSocket!, agent, realpathSync(agent)]) {
      chmodSync(socket, 0o777);
      expect(await asNobody(socket), socket).toMatchObject({ stdout: "EACCES\n" });
    }
    // What was tried is what would have got in: in the open, the same attempt does.
    const server = net
      .createServer((stream) => stream.destroy())
      .listen(join(home.dir, "open.sock"));
    await new Promise((resolve) => server.once("listening", resolve));
    chmodSync(join(home.dir, "open.sock"), 0o777);
    expect(await asNobody(join(home.dir, "open.sock"))).toMatchObject({ stdout: "in\n" });
    await new Promise((resolve) => server.close(resolve));
  },
);

test("a log that has grown large is moved aside", async () => {
  await home.ok(["daemon", "start"]);
  await home.ok(["daemon", "stop"]);
  const log = join(home.dir, "state/default/daemon.log");
  writeFileSync(log, Buffer.alloc(17 * 1024 * 1024, 0x20));
  rmSync(`${log}.1`, { force: true });
  await home.ok(["daemon", "start"]);
  expect(statSync(`${log}.1`).size).toBeGreaterThan(16 * 1024 * 1024);
  expect(statSync(log).size).toBeLessThan(10_000);
});
