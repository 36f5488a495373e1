/** `daemon install`: the file that it writes, and what it asks of a service manager. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { launchdPlist } from "../../src/cli/service/launchd-plist.ts";
import { systemdUnit } from "../../src/cli/service/systemd-unit.ts";
import { servicePlace } from "../../src/system/service.ts";
import { programOf } from "../support/debian.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { whenGone } from "../support/processes.ts";
import { runProgram } from "../support/program.ts";

const odd = `/a b/50%/$HOME/"q"\\/é`;
const definition = {
  name: "hacs-session.service",
  command: ["/bin/sh", odd, "daemon", "run"],
  env: { PATH: `/usr/bin:${odd}`, LANG: "C.UTF-8" },
  system: false,
};

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

describe("the systemd unit", () => {
  test("leaves agents alone, and comes back after a failure", () => {
    const unit = systemdUnit(definition);
    for (const line of ["KillMode=process", "Restart=on-failure", "OOMPolicy=continue"])
      expect(unit.split("\n")).toContain(line);
    expect(unit).toContain("WantedBy=default.target");
    expect(unit).toContain(`"/a b/50%%/$$HOME/\\"q\\"\\\\/é"`);
    const system = systemdUnit({
      ...definition,
      system: true,
      env: { XDG_RUNTIME_DIR: "/run/user/0" },
    });
    expect(system).toContain("WantedBy=multi-user.target");
    expect(system).toContain("Requires=user-runtime-dir@0.service");
  });

  const analyze = programOf("systemd-analyze", "systemd");
  test.skipIf(analyze === undefined)(
    "is one that systemd itself finds nothing wrong with",
    async () => {
      const file = join(home.dir, "hacs-session.service");
      const verify = () =>
        runProgram(analyze!, ["--user", "verify", file], {
          env: { ...home.env, XDG_RUNTIME_DIR: home.dir },
        });
      writeFileSync(file, systemdUnit(definition));
      expect(await verify()).toMatchObject({ code: 0, stderr: "" });
      // It would say so.
      writeFileSync(file, systemdUnit(definition).replace("KillMode=process", "KillMod=process"));
      expect((await verify()).stderr).toContain("KillMod");
    },
  );
});

test("the launchd list is well-formed, whatever a path holds", () => {
  const text = launchdPlist({ ...definition, command: ["/a & b", "<x>"], name: "io.hacs-session" });
  expect(text).toContain("<string>/a &amp; b</string>");
  expect(text).toContain("<string>&lt;x&gt;</string>");
  expect(text).toMatch(/<key>AbandonProcessGroup<\/key>\s*<true\/>/);
  const open: string[] = [];
  for (const [, end, name, single] of text.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name);
    else if (!single) open.push(name!);
  }
  expect(open).toEqual([]);
});

test("each daemon has a service of its own", () => {
  const env = { HOME: "/home/ann" };
  expect(servicePlace({}, false, env, "linux")).toMatchObject({
    name: "hacs-session.service",
    file: "/home/ann/.config/systemd/user/hacs-session.service",
  });
  expect(servicePlace({ label: "work" }, false, env, "linux").name).toBe(
    "hacs-session-work.service",
  );
  expect(servicePlace({ socket: "/tmp/a.sock" }, true, env, "linux").file).toMatch(
    /^\/etc\/systemd\/system\/hacs-session-socket-[0-9a-f]{12}\.service$/,
  );
  expect(servicePlace({}, false, { ...env, HACS_SESSION_HOME: "/x" }, "linux").name).toMatch(
    /^hacs-session-home-[0-9a-f]{12}\.service$/,
  );
  expect(servicePlace({}, false, env, "darwin").file).toBe(
    "/home/ann/Library/LaunchAgents/io.hacs-session.plist",
  );
});

describe("with a systemd", () => {
  let env: Record<string, string>;
  let file: string;
  beforeEach(() => {
    const bin = join(home.dir, "bin");
    mkdirSync(bin);
    file = servicePlace({}, false, home.env, "linux").file;
    // As much of systemd as is needed: it starts what the unit says, and ends that alone.
    writeFileSync(
      join(bin, "systemctl"),
      `#!/bin/sh
echo "$*" >> ${home.dir}/asked
pid() { cat ${home.dir}/main-pid 2>/dev/null; }
runs() { grep -qs '^State:.[^Z]' /proc/$(pid)/status; }
stop() { kill $(pid) 2>/dev/null; while runs; do sleep 0.05; done; rm -f ${home.dir}/main-pid; }
begin() {
  command=$(sed -n 's/^ExecStart=//p' ${file})
  sh -c "exec setsid $command" >/dev/null 2>&1 &
  echo $! > ${home.dir}/main-pid
}
case "$*" in
  *is-active*) runs ;;
  *" restart "*) stop; begin ;;
  *" start "*) runs || begin ;;
  *disable*) stop ;;
esac
`,
    );
    chmodSync(join(bin, "systemctl"), 0o755);
    env = { PATH: `${bin}:${home.env.PATH}` };
  });
  const asked = () => readFileSync(join(home.dir, "asked"), "utf8");

  test("it is written, started, and found as it should be; what changed is told", async () => {
    await home.ok(["new", "bot", "-d"]);
    const [before, agent] = [home.daemonPid(), await home.agentPid("bot")];
    const first = await home.ok(["daemon", "install"], { env });
    expect(first).toContain(`Wrote ${file}`);
    expect(first).toContain("Ran systemctl --user enable");
    expect(first).toContain("Left to do: loginctl enable-linger");
    expect(readFileSync(file, "utf8")).toContain(`Environment=HACS_SESSION_HOME=${home.dir}`);
    // Its daemon took over from the one that ran, with the agent.
    await whenGone(before);
    await eventually(async () => (await home.show("bot")).agentPid === agent, {
      what: "the agent is adopted",
    });
    const pid = home.daemonPid();
    expect(Number(readFileSync(join(home.dir, "main-pid"), "utf8"))).toBe(pid);

    const again = await home.ok(["daemon", "install"], { env });
    expect(again).toContain("as it should be");
    expect(again).not.toContain("Ran");
    expect(home.daemonPid()).toBe(pid);

    const other = await home.ok(["daemon", "install", "--codex", "/opt/codex"], { env });
    expect(home.daemonPid()).not.toBe(pid);
    expect(other).toContain("Changed");
    expect(other).toMatch(/\+ ExecStart=.*--codex \/opt\/codex/);
    expect(readFileSync(`${file}.old`, "utf8")).not.toContain("/opt/codex");
  });

  test("the next daemon is started by it, and uninstall undoes it; twice is as good", async () => {
    await home.ok(["daemon", "install"], { env });
    await home.ok(["daemon", "stop"], { env });
    writeFileSync(join(home.dir, "asked"), "");
    await home.ok(["ls"], { env });
    expect(asked()).toMatch(/^--user start hacs-session-home-/m);
    expect(Number(readFileSync(join(home.dir, "main-pid"), "utf8"))).toBe(home.daemonPid());
    const out = await home.ok(["daemon", "uninstall"], { env });
    expect(out).toContain(`Removed ${file}`);
    expect(existsSync(file)).toBe(false);
    expect(home.daemonPids()).toEqual([]);
    expect((await home.cli(["daemon", "uninstall"], { env })).stderr).toContain("nothing");
    // Without the service it starts as before.
    await home.ok(["ls"], { env });
    expect(home.daemonPids()).toHaveLength(1);
  });

  test("a file that somebody else wrote is left alone", async () => {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "[Unit]\n");
    for (const verb of ["install", "uninstall"]) {
      const outcome = await home.cli(["daemon", verb], { env });
      expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("did not write") });
    }
    expect(readFileSync(file, "utf8")).toBe("[Unit]\n");
  });

  test("a manager that refuses is quoted, and a service that does not start keeps nobody from a daemon", async () => {
    await home.ok(["daemon", "install"], { env });
    await home.ok(["daemon", "stop"], { env });
    writeFileSync(
      join(home.dir, "bin/systemctl"),
      `#!/bin/sh\ncase "$*" in *show*) exit 0 ;; esac\necho "Unit is masked." >&2\nexit 1\n`,
    );
    await home.ok(["ls"], { env });
    expect(home.daemonPids()).toHaveLength(1);
    const outcome = await home.cli(["daemon", "install"], { env });
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("Unit is masked.") });
  });
});

test("without systemd it says what to do instead, and writes nothing; --print works anywhere", async () => {
  const bin = join(home.dir, "none");
  mkdirSync(bin);
  for (const program of ["sh", "readlink"])
    execFileSync("ln", ["-s", programOf(program)!, join(bin, program)]);
  const env = { PATH: bin };
  const printed = await home.ok(["daemon", "install", "--print"], { env });
  expect(printed).toContain("ExecStart=");
  const outcome = await home.cli(["daemon", "install"], { env });
  expect(outcome).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ENOENT|does not answer/),
  });
  expect(existsSync(servicePlace({}, false, home.env, "linux").file)).toBe(false);
  rmSync(bin, { recursive: true });
});
