/** `-H HOST` over a real sshd: every verb, and what goes wrong on the way. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { signal } from "../support/processes.ts";
import { type SshServer, startSshd } from "../support/ssh-server.ts";
import { openTerminal } from "../support/terminal.ts";

let far: Home;
let near: Home;
let sshd: SshServer;
/** How the far home's program is called by a shell that knows nothing of it. */
let remote: string;
let env: Record<string, string>;

beforeAll(async () => {
  far = await createHome();
  mkdirSync(join(far.dir, "ssh"), { mode: 0o700 });
  sshd = await startSshd(join(far.dir, "ssh"));
  remote = join(far.dir, "there");
  const set = Object.entries(far.env).map(([name, value]) => `export ${name}='${value}'`);
  writeFileSync(remote, `#!/bin/sh\n${set.join("\n")}\nexec ${program} "$@"\n`);
  chmodSync(remote, 0o755);
  near = await createHome({
    model: far.model,
    env: { PATH: `${sshd.binDir}:${process.env.PATH}`, HACS_SESSION_REMOTE: remote },
  });
  env = near.env;
});
afterAll(async () => {
  await sshd.close();
  await near.close();
  await far.close();
});

const over = (...args: string[]) => near.ok(["-H", "there", ...args]);
const overJson = (...args: string[]) => near.cliJson(["-H", "there", ...args]);

describe("over ssh", () => {
  test("a daemon is started there, and none here", async () => {
    const none = await near.cli(["-H", "there", "daemon", "status"]);
    expect(none).toMatchObject({ code: 6, stderr: expect.stringContaining("No daemon") });
    expect(await overJson("daemon", "start")).toMatchObject({ socket: far.socket });
    expect(far.daemonPids()).toHaveLength(1);
    expect(near.daemonPids()).toEqual([]);
  });

  test("a session is made in a directory there, with the environment that is there", async () => {
    mkdirSync(join(far.dir, "project"));
    expect(await over("new", "bot", "-d", "-C", "project", "-e", "COLOUR=red")).toBe("bot\n");
    expect(await overJson("show", "bot")).toMatchObject({ cwd: join(far.dir, "project") });
    const said = await over("send", "bot", "--wait", "run echo $COLOUR $HOME");
    expect(said).toContain(`red ${far.dir}`);
  });

  test("verbs do what they do here", async () => {
    expect(await over("send", "bot", "say hello", "--wait")).toBe("hello\n");
    expect(await over("tail", "bot")).toContain("hello");
    expect((await overJson("ls")).map(({ name }: { name: string }) => name)).toEqual(["bot"]);
    expect((await near.cli(["-H", "there", "send", "bot", "ask true", "--wait"])).code).toBe(5);
    await over("approve", "bot");
    await over("wait", "bot");
    await over("rename", "bot", "robot");
    await over("rename", "robot", "bot");
    const [last] = (await over("tail", "bot", "--json")).trim().split("\n").reverse();
    expect(JSON.parse(last!).params.by.from).not.toBe("");
  });

  test("a text on stdin, however long, and a history, however long, come whole", async () => {
    const text = `say ${"long ".repeat(40_000)}end`;
    const said = await near.ok(["-H", "there", "send", "bot", "--wait"], { input: text });
    expect(said.length).toBeGreaterThan(150_000);
    await over("send", "bot", "--wait", "flood 3000");
    expect(await over("tail", "bot")).toContain("word2999");
  });

  test("-L and -S are those of the machine there", async () => {
    await over("-L", "work", "new", "other", "-d");
    expect((await overJson("-L", "work", "ls")).map((one: { name: string }) => one.name)).toEqual([
      "other",
    ]);
    const socket = join(far.dir, "run/work.sock");
    expect(await overJson("-S", socket, "daemon", "status")).toMatchObject({ socket });
    await over("-L", "work", "daemon", "stop", "--end");
  });

  test("what is about this machine says so", async () => {
    for (const args of [
      ["doctor"],
      ["daemon", "run"],
      ["start"],
      ["send", "bot", "--image", "x.png", "look"],
      ["wake", "bot", "--update-env"],
    ]) {
      const outcome = await near.cli(["-H", "there", ...args]);
      expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining("this machine") });
    }
  });

  test("a terminal is attached, and goes on after the link was cut", async () => {
    const terminal = near.terminal(["-H", "there", "attach", "bot"]);
    await terminal.waitFor("[bot]");
    terminal.type("say from afar");
    await terminal.waitFor("say from afar");
    terminal.press("enter");
    await terminal.waitFor("• from afar");
    for (const { pid, argv } of near.processes())
      if (argv.some((arg) => arg.endsWith("ssh_config"))) signal(pid, "SIGKILL");
    await terminal.waitFor("reconnecting");
    await terminal.waitFor("idle");
    terminal.type("say back again");
    await terminal.waitFor("say back again");
    terminal.press("enter");
    await terminal.waitFor("• back again");
    terminal.press("ctrl-b", "d");
    await terminal.exited;
    await terminal.close();
    await eventually(
      () =>
        near.processes().filter(({ argv }) => argv.join(" ").includes("ssh_config")).length === 0,
      { what: "no ssh is left" },
    );
  });

  test("attach logs in once, though it looks which session was used last", async () => {
    const counting = join(near.dir, "counting");
    mkdirSync(counting);
    const logins = join(counting, "logins");
    const ssh = `#!/bin/sh\necho login >>'${logins}'\nexec '${sshd.binDir}/ssh' "$@"\n`;
    writeFileSync(join(counting, "ssh"), ssh, { mode: 0o755 });
    const way = { ...env, PATH: `${counting}:${env.PATH}` };
    const terminal = openTerminal({
      command: program,
      args: ["-H", "there", "attach"],
      env: way,
      cwd: near.work,
    });
    await terminal.waitFor("[bot]");
    expect(readFileSync(logins, "utf8")).toBe("login\n");
    // It is a link like any other: when it breaks, there is another.
    for (const { pid, argv } of near.processes())
      if (argv.some((arg) => arg.endsWith("ssh_config"))) signal(pid, "SIGKILL");
    await eventually(() => readFileSync(logins, "utf8") === "login\nlogin\n", {
      what: "it logs in again",
    });
    await terminal.waitFor("idle");
    terminal.press("ctrl-b", "d");
    await terminal.exited;
    await terminal.close();
  });

  test("a follower sees each record once, over two lost connections", async () => {
    const tail = near.start(["-H", "there", "tail", "bot", "-f", "--json"]);
    for (const word of ["one", "two", "three"]) {
      await over("send", "bot", "--wait", `say ${word}`);
      await tail.waitFor(new RegExp(`"text":"${word}"`));
      for (const { pid, argv } of near.processes())
        if (argv.some((arg) => arg.endsWith("ssh_config"))) signal(pid, "SIGKILL");
    }
    await over("send", "bot", "--wait", "say end");
    await tail.waitFor('"text":"end"');
    tail.kill();
    const seqs = tail
      .stdout()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
  });

  test("the log there is printed and followed, and nothing of it stays there", async () => {
    await over("daemon", "start");
    const { pid } = await overJson("daemon", "status");
    expect(await over("daemon", "logs", "-n", "1000")).toContain("listening");
    const [line] = (await over("daemon", "logs", "-n", "1", "--json")).trim().split("\n");
    expect(JSON.parse(line!)).toHaveProperty("time");

    const followed = near.start(["-H", "there", "daemon", "logs", "-f", "-n", "1"]);
    const following = () => far.processes().filter(({ argv }) => argv.includes("logs"));
    await followed.waitFor("\n");
    expect(following()).not.toEqual([]);
    process.kill(pid, "SIGHUP");
    await followed.waitFor("SIGHUP ignored");
    followed.kill("SIGINT");
    await followed.ended;
    await eventually(() => following().length === 0, { what: "it has ended there" });
  });

  test("a daemon that could not start again is not stopped from here", async () => {
    const { pid } = await overJson("daemon", "status");
    const file = join(far.dir, "config/config.json");
    const config = readFileSync(file, "utf8");
    writeFileSync(file, '{ "maxAgents": 0 }');
    const refused = await near.cli(["-H", "there", "daemon", "restart"]);
    writeFileSync(file, config);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("maxAgents") });
    expect((await overJson("daemon", "status")).pid).toBe(pid);
  });

  test("the daemon there is restarted and stopped from here", async () => {
    const before = far.daemonPids();
    await over("daemon", "restart");
    expect(far.daemonPids()).not.toEqual(before);
    await over("daemon", "stop", "--end");
    expect(far.daemonPids()).toEqual([]);
  });
});

describe("pipe", () => {
  test("carries the protocol over stdin and stdout, and ends with either", async () => {
    const pipe = far.start(["pipe"]);
    await pipe.waitFor('"pipe/ready"');
    pipe.write(
      `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "hello", params: { protocol: { min: 1, max: 1 }, client: { kind: "test", version: "0", user: "t", from: "" } } })}\n`,
    );
    await pipe.waitFor('"daemon":{"pid":');
    pipe.endInput();
    expect((await pipe.ended).code).toBe(0);
    const other = far.start(["pipe"]);
    await other.waitFor('"pipe/ready"');
    await far.killDaemon();
    expect((await other.ended).code).toBe(0);
  });
});

describe("what goes wrong is said, with ssh's own words", () => {
  const failing = async (args: string[], more: Record<string, string> = {}) => {
    const outcome = await near.cli(args, { env: { ...env, ...more } });
    return { code: outcome.code, stderr: outcome.stderr };
  };

  test("a host that nobody knows, or where nothing listens", async () => {
    expect(await failing(["-H", "no-such-host.invalid", "ls"])).toEqual({
      code: 6,
      stderr: expect.stringMatching(/ssh: Could not resolve[\s\S]*can't be reached over ssh/),
    });
    expect(await failing(["-H", "nowhere", "ls"])).toEqual({
      code: 6,
      stderr: expect.stringMatching(/refused[\s\S]*can't be reached over ssh/),
    });
  });

  test("no hacs-session there, or one that is too old", async () => {
    expect(await failing(["-H", "there", "ls"], { HACS_SESSION_REMOTE: "" })).toEqual({
      code: 6,
      stderr: expect.stringContaining("HACS_SESSION_REMOTE"),
    });
    const old = join(far.dir, "old");
    writeFileSync(old, `#!/bin/sh\necho 'hacs-session: There is no verb "pipe".' >&2\nexit 2\n`);
    chmodSync(old, 0o755);
    expect(await failing(["-H", "there", "ls"], { HACS_SESSION_REMOTE: old })).toEqual({
      code: 6,
      stderr: expect.stringContaining("too old"),
    });
  });

  test("a login shell that talks is skipped, one that is no hacs-session is told", async () => {
    const chatty = join(far.dir, "chatty");
    writeFileSync(chatty, `#!/bin/sh\necho Welcome; exec ${remote} "$@"\n`);
    chmodSync(chatty, 0o755);
    expect(await failing(["-H", "there", "ls", "-q"], { HACS_SESSION_REMOTE: chatty })).toEqual({
      code: 0,
      stderr: "",
    });
    expect(await failing(["-H", "there", "ls"], { HACS_SESSION_REMOTE: "yes" })).toEqual({
      code: 6,
      stderr: expect.stringContaining("it is not hacs-session"),
    });
  });

  test("a host that is an option or a command is none", async () => {
    for (const host of ["-oProxyCommand=touch /tmp/pwned", "a;b", "$(id)", "a b", "ssh://h;x"]) {
      const outcome = await failing(["--host", host, "ls"]);
      expect(outcome).toEqual({
        code: 2,
        stderr: expect.stringMatching(/what ssh takes|value|argument/),
      });
    }
  });

  test("a login that is refused, and a key that is not the known one", async () => {
    await sshd.newHostKey();
    expect(await failing(["-H", "there", "ls"])).toEqual({
      code: 7,
      stderr: expect.stringMatching(
        /REMOTE HOST IDENTIFICATION HAS CHANGED[\s\S]*does not trust the key/,
      ),
    });
    sshd.trustHostKey();
    sshd.refuse();
    expect(await failing(["-H", "there", "ls"])).toEqual({
      code: 7,
      stderr: expect.stringMatching(/Permission denied[\s\S]*refused the login/),
    });
  });
});
