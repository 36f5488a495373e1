/** Sessions of other users: whose they run as, who reaches them, and what those users can't do. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { SessionDetail } from "../../src/protocol/session.ts";
import { pathsFor } from "../../src/system/paths.ts";
import { usersDirectory } from "../../src/system/user-directory.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home, program } from "../support/home.ts";
import { createModel, type TestModel } from "../support/model.ts";
import { readProcess, signal, whenGone } from "../support/processes.ts";
import { runProgram } from "../support/program.ts";
import { errorOf, say } from "../support/sessions.ts";
import { addUser, noUsers, removeUser, type TestUser } from "../support/unix-users.ts";

const unable = noUsers();
if (unable !== undefined) console.warn(`unix-user.test.ts is left out in part: ${unable}.`);

const groups = [`hsg${process.pid}`];
let model: TestModel;
let ann: TestUser;
let bob: TestUser;
let home: Home;
let connection: Connection;

beforeAll(async () => {
  if (unable !== undefined) return;
  model = await createModel();
  ann = addUser(`hsa${process.pid}`, model.baseUrl, groups);
  bob = addUser(`hsb${process.pid}`, model.baseUrl);
});
afterAll(async () => {
  if (unable !== undefined) return;
  await removeUser(ann, groups);
  await removeUser(bob);
  await model.close();
});

describe.skipIf(unable !== undefined)("a daemon of root's", () => {
  let users: string;
  beforeEach(async () => {
    home = await createHome({ model, env: { SECRET_OF_ROOT: "canary-5741" } });
    users = usersDirectory(pathsFor({}, home.env));
    connection = await home.connect();
  });
  afterEach(async () => {
    await home.close();
    for (const { uid } of [ann, bob])
      rmSync(`/tmp/codex-daemon-${uid}`, { recursive: true, force: true });
    rmSync(users, { recursive: true, force: true });
  });

  const make = async (...more: string[]): Promise<SessionDetail> => {
    await home.ok(["new", "bot", "-d", "--user", ann.name, ...more]);
    return home.show("bot");
  };
  /** A shell line as a user, as at a login; its output and errors in one. */
  const as = async ({ uid, gid }: TestUser, line: string): Promise<string> => {
    const ids = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
    const { stdout } = await runProgram("setpriv", [...ids, "sh", "-c", `${line} 2>&1`], {
      cwd: "/",
    });
    return stdout.trim();
  };
  const connectAs = (user: TestUser, path: string) =>
    as(
      user,
      `'${process.execPath}' -e 'require("net").connect("${path}").on("connect", () => { console.log("connected"); process.exit() }).on("error", (e) => console.log(e.code))'`,
    );

  test("runs the agent as that user: ids, groups, home, environment, nothing of root's", async () => {
    const shown = await make("-e", "COLOUR=red", "-s", "danger-full-access", "-a", "never");
    expect(shown).toMatchObject({ user: ann.name, cwd: ann.home, spec: { user: ann.name } });
    const status = readFileSync(`/proc/${shown.agentPid}/status`, "utf8");
    const line = (name: string) =>
      new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.trim().split(/\s+/).map(Number);
    expect(line("Uid")).toEqual(Array(4).fill(ann.uid));
    expect(line("Gid")).toEqual(Array(4).fill(ann.gid));
    const known = execFileSync("id", ["-G", ann.name], { encoding: "utf8" });
    expect(line("Groups")?.toSorted()).toEqual(known.trim().split(" ").map(Number).toSorted());
    expect(line("Groups")).toHaveLength(2);
    expect(/^CapEff:\s*0+$/m.test(status)).toBe(true);
    // Nothing of what the daemon has open came along but the log that it may write.
    const open = readdirSync(`/proc/${shown.agentPid}/fd`)
      .map((fd) => readlinkSync(`/proc/${shown.agentPid}/fd/${fd}`))
      .filter((path) => path.startsWith(home.dir));
    expect(new Set(open)).toEqual(
      new Set([join(home.dir, "state/default/sessions", shown.id, "agent.log")]),
    );
    const { env, argv } = readProcess(shown.agentPid!)!;
    expect(env).toMatchObject({
      HOME: ann.home,
      USER: ann.name,
      LOGNAME: ann.name,
      SHELL: "/bin/bash",
      COLOUR: "red",
      HACS_SESSION: "bot",
    });
    expect(JSON.stringify(env)).not.toContain("canary-5741");
    expect(Object.keys(env)).not.toContain("HACS_SESSION_HOME");
    expect(argv.slice(1, 3)).toEqual(["app-server", "--listen"]);
    const said = await say(connection, "bot", "run id -nG; echo $HOME $COLOUR; pwd > made; umask");
    expect(said.text).toContain(groups[0]);
    expect(said.text).toContain(`${ann.home} red`);
    expect(statSync(join(ann.home, "made")).uid).toBe(ann.uid);
    // codex keeps the thread in that user's own home.
    expect(existsSync(join(ann.home, ".codex/sessions"))).toBe(true);
    expect(await home.ok(["show", "bot"])).toMatch(new RegExp(`user +${ann.name}`));
  });

  test("lets that user and root reach its sockets, and nobody else", async () => {
    const { codexSocket, id } = await make();
    const agent = join(dirname(codexSocket!), `${id}.sock`);
    expect(lstatSync(codexSocket!)).toMatchObject({ uid: ann.uid, gid: ann.gid });
    expect(lstatSync(codexSocket!).mode & 0o777).toBe(0o600);
    for (const socket of [codexSocket!, agent]) {
      expect(await connectAs(ann, socket)).toBe("connected");
      expect(await connectAs(bob, socket)).toBe("EACCES");
      chmodSync(socket, 0o777);
      expect(await connectAs(bob, socket)).toBe("EACCES");
    }
    expect(lstatSync(dirname(codexSocket!))).toMatchObject({ uid: ann.uid });
    expect(lstatSync(dirname(codexSocket!)).mode & 0o777).toBe(0o700);
    expect(await as(bob, `ls ${users}`)).toContain("Permission denied");
    // The daemon's own are root's.
    expect(await connectAs(ann, home.socket)).toBe("EACCES");
    expect(await as(ann, `ls ${join(home.dir, "state")}`)).toContain("Permission denied");
    const other = `HOME=${bob.home} '${program}' -S ${home.socket}`;
    for (const line of ["ls", "approve bot", "panic --all"])
      expect(await as(bob, `{ ${other} ${line}; echo $?; }`)).toMatch(
        /socket of the user's own[\s\S]*\n7$/,
      );
  });

  test("finds the agent again after it died itself, wakes, forks and kills it", async () => {
    await make();
    await say(connection, "bot", "say before");
    const { agentPid } = await home.show("bot");
    await home.killDaemon();
    connection = await home.connect();
    await eventually(async () => (await home.show("bot")).agentPid === agentPid, {
      what: "it is adopted",
    });
    expect((await say(connection, "bot", "say after")).text).toBe("after");
    await home.ok(["fork", "bot", "copy"]);
    expect(await home.show("copy")).toMatchObject({ user: ann.name });
    expect(readProcess((await home.show("copy")).agentPid!)?.uid).toBe(ann.uid);
    await home.ok(["sleep", "bot"]);
    await whenGone(agentPid!);
    expect((await say(connection, "bot", "say again")).text).toBe("again");
    const agents = [await home.agentPid("bot"), await home.agentPid("copy")];
    const { codexSocket } = await home.show("bot");
    await home.ok(["kill", "bot", "copy"]);
    for (const pid of agents) await whenGone(pid);
    expect(existsSync(codexSocket!)).toBe(false);
    expect(await as(ann, `ls ${dirname(codexSocket!)}`)).toBe("");
  });

  test("runs the demo model for that user, too", async () => {
    await make("--provider", "demo");
    expect((await say(connection, "bot", "hello")).turnStatus).toBe("completed");
  });

  test("gives a session of another user no environment of a client's", async () => {
    await make();
    for (const verb of ["wake", "restart"]) {
      const outcome = await home.cli([verb, "bot", "--update-env"]);
      expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining(ann.name) });
    }
    const spec = { cwd: "/", user: ann.name };
    const error = await errorOf(connection.call("session/new", { spec, env: { A: "b" } }));
    expect(error).toMatchObject({ code: "invalid-usage" });
  });

  test("says which user there is not, what he can't enter, and forgets what failed", async () => {
    for (const name of ["no-such-user", "../root", "-root", "0", "a b"]) {
      const outcome = await home.cli(["new", "x", "-d", `--user=${name}`]);
      expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining("has no user") });
    }
    const closed = await home.cli(["new", "x", "-d", "--user", ann.name, "-C", bob.home]);
    expect(closed.stderr).not.toContain("bug");
    expect(closed.code).not.toBe(0);
    const secret = join(home.dir, "work");
    const outcome = await home.cli(["new", "x", "-d", "--user", ann.name, "-C", secret]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining("directory") });
    expect(await home.cliJson(["ls", "--all"])).toEqual([]);
    // Its own user is no other: that is a session like any.
    await home.ok(["new", "mine", "-d", "--user", "root"]);
    expect(await home.show("mine")).toMatchObject({ user: null });
  });

  test("is led nowhere by that user's links", { timeout: 120_000 }, async () => {
    const rootsOwn = join(home.dir, "roots-own");
    writeFileSync(rootsOwn, 'model = "canary-8264"\n', { mode: 0o600 });
    // A profile that is a link to what root alone can read.
    symlinkSync(rootsOwn, join(ann.home, ".codex/fast.config.toml"));
    const profile = await home.cli(["new", "x", "-d", "--user", ann.name, "-p", "fast"]);
    expect(profile).toMatchObject({ code: 2, stderr: expect.stringContaining("can't be read") });
    expect(profile.stderr).not.toContain("canary-8264");
    // A directory that is a link to one behind root's own.
    mkdirSync(join(home.dir, "open"), { mode: 0o755 });
    symlinkSync(join(home.dir, "open"), join(ann.home, "door"));
    const door = await home.cli(["new", "x", "-d", "--user", ann.name, "-C", "door"], {
      cwd: ann.home,
    });
    expect(door).toMatchObject({ code: 2, stderr: expect.stringContaining("directory") });

    // A socket that is a link to the agent of another user: the daemon gets there as ann, so not.
    const { codexSocket, id, agentPid } = await make();
    await home.ok(["new", "roots", "-d"]);
    await home.ok(["new", "bobs", "-d", "--user", bob.name]);
    const directory = dirname(codexSocket!);
    const agent = join(directory, `${id}.sock`);
    const bobs = join(users, bob.name, `${(await home.show("bobs")).id}.sock`);
    for (const target of [await home.agentSocket("roots"), bobs, home.socket]) {
      await as(ann, `ln -sfn ${target} ${agent}`);
      await home.killDaemon();
      connection = await home.connect();
      await eventually(() => home.daemonLog().includes("joining the agent failed"), {
        what: "it does not get to the other's agent",
      });
      await eventually(async () => (await home.show("bot")).state === "starting", {
        what: "it goes on trying",
      });
    }
    signal(agentPid!, "SIGKILL");
    await eventually(async () => (await home.show("bot")).agentPid !== agentPid, {
      what: "it is seen to be gone",
    });
    // What stands where a socket goes, and links to what is root's: neither changed nor removed.
    await home.ok(["sleep", "bot"]);
    await as(
      ann,
      `rm -f ${directory}/*; ln -s ${rootsOwn} ${agent}; ln -s ${rootsOwn} ${codexSocket}`,
    );
    await home.killDaemon();
    connection = await home.connect();
    expect((await say(connection, "bot", "say unmoved")).text).toBe("unmoved");
    expect(statSync(rootsOwn).mode & 0o777).toBe(0o600);
    expect(statSync(rootsOwn).uid).toBe(0);
    expect(readFileSync(rootsOwn, "utf8")).toContain("canary-8264");
  });

  test("is kept waiting by no pipe of that user's", { timeout: 120_000 }, async () => {
    const { codexSocket } = await make("--provider", "demo");
    await home.ok(["kill", "bot"]);
    // Whoever opens one waits until somebody opens its other end, and nobody will.
    for (const path of [join(ann.home, ".codex/slow.config.toml"), join(ann.home, "pipe")])
      await as(ann, `mkfifo -m 700 ${path}`);
    const catalog = join(dirname(codexSocket!), "demo-models.json");
    await as(ann, `rm -f ${catalog}; mkfifo ${catalog}`);
    const asAnn = ["new", "x", "-d", "--user", ann.name];
    const profile = await home.cli([...asAnn, "-p", "slow"]);
    expect(profile).toMatchObject({ code: 2, stderr: expect.stringContaining("no plain file") });
    const codex = await home.cli([...asAnn, "--codex", join(ann.home, "pipe")]);
    expect(codex.stderr).toContain("not a file that can be run");
    await make("--provider", "demo");
    // Nor does one read on and on what never ends.
    await as(ann, `ln -sf /dev/zero ${ann.home}/.codex/endless.config.toml`);
    expect((await home.cli([...asAnn, "-p", "endless"])).stderr).toContain("no plain file");
  });

  test("refuses a directory for sockets that its user opened to others", async () => {
    const { codexSocket } = await make();
    await home.ok(["sleep", "bot"]);
    await as(ann, `chmod 755 ${dirname(codexSocket!)}`);
    const outcome = await home.cli(["wake", "bot"]);
    expect(outcome).toMatchObject({ code: 7, stderr: expect.stringContaining("mode 700") });
    await as(ann, `chmod 700 ${dirname(codexSocket!)}`);
    await home.ok(["wake", "bot"]);
  });

  test("runs no codex of that user's as root", async () => {
    const own = join(ann.home, "codex");
    const who = join(ann.home, "who");
    writeFileSync(own, `#!/bin/sh\nid -u >> ${who}\necho codex-cli 0.1.0\n`, { mode: 0o755 });
    const outcome = await home.cli(["new", "x", "-d", "--user", ann.name, "--codex", own]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("0.1.0") });
    expect(readFileSync(who, "utf8").trim()).toBe(String(ann.uid));
  });
});

test.skipIf(unable !== undefined)("a daemon of anybody else's refuses", async () => {
  const dir = join(bob.home, "hs");
  const run = (...args: string[]) =>
    runProgram(
      "setpriv",
      [`--reuid=${bob.uid}`, `--regid=${bob.gid}`, "--clear-groups", program, ...args],
      {
        cwd: bob.home,
        env: { PATH: process.env.PATH, HOME: bob.home, HACS_SESSION_HOME: dir },
      },
    );
  const outcome = await run("new", "x", "-d", "--user", ann.name);
  expect(outcome).toMatchObject({ code: 7, stderr: expect.stringContaining("root") });
  expect((await run("new", "x", "-d", "--user", "root")).code).toBe(7);
  await run("daemon", "stop", "--end");
  renameSync(dir, `${dir}.done`);
});
