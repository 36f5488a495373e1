/**
 * The command lines and files by which an agent is held. systemd and a cgroup with controllers are
 * not to be had in most places where tests run, so there what is said to them is looked at; limits
 * of processes are real.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cgroupOf, confine, ownCgroup } from "../../src/system/confinement.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync("/tmp/hs-cgroup-");
});
afterEach(() => rmSync(dir, { recursive: true }));

const MiB = 2 ** 20;
const resources = { memoryBytes: 512 * MiB, cpus: 1.5 };

test("a process's own limit is set before it becomes the program, and what it starts has it too", () => {
  const { command, args } = confine({ by: "rlimit", memory: "each", cpus: false }, resources, "n", [
    "/bin/sh",
    "-c",
    'echo $$; ulimit -d; sh -c "ulimit -d"; printf "%s\\n" "$@"',
    "sh",
    "a b",
    "$HOME",
  ]);
  const child = execFileSync(command, args, { encoding: "utf8" });
  const [, own, inherited, ...rest] = child.split("\n");
  expect([own, inherited]).toEqual([String(512 * 1024), String(512 * 1024)]);
  expect(rest).toEqual(["a b", "$HOME", ""]);
});

test("without resources, or where none holds, the command stays as it is", () => {
  const program: [string, ...string[]] = ["codex", "app-server"];
  const plain = { command: "codex", args: ["app-server"] };
  expect(confine({ by: "systemd", memory: "together", cpus: true }, {}, "n", program)).toEqual(
    plain,
  );
  expect(confine({ by: "rlimit", memory: "each", cpus: false }, { cpus: 2 }, "n", program)).toEqual(
    plain,
  );
});

test("systemd is asked for a scope of its own, which is gone with the agent", () => {
  const { command, args } = confine(
    { by: "systemd", memory: "together", cpus: true },
    resources,
    "hacs-session-x",
    ["codex", "app-server"],
  );
  const whose = process.getuid?.() === 0 ? [] : ["--user"];
  expect([command, ...args]).toEqual([
    "systemd-run",
    ...whose,
    ...["--scope", "--quiet", "--collect"],
    ...["-p", `MemoryMax=${512 * MiB}`, "-p", "MemorySwapMax=0", "-p", "CPUQuota=150%"],
    ...["--unit=hacs-session-x", "--", "codex", "app-server"],
  ]);
});

test("a cgroup that is ours alone is parted: the daemon goes one down, and so does each agent", () => {
  const file = (name: string) => join(dir, name);
  writeFileSync(file("cgroup.controllers"), "cpuset cpu io memory pids\n");
  writeFileSync(file("cgroup.procs"), `${process.pid}\n`);
  const confinement = ownCgroup(dir)!;
  expect(confinement).toEqual({ by: "cgroup", memory: "together", cpus: true, parent: dir });
  expect(readFileSync(file("hacs-session-daemon/cgroup.procs"), "utf8")).toBe(`${process.pid}`);
  expect(readFileSync(file("cgroup.subtree_control"), "utf8")).toBe("+memory +cpu");

  const { command, args, cgroup } = confine(confinement, resources, "agent", [
    "sh",
    "-c",
    "echo $$",
  ]);
  expect(cgroup).toBe(file("agent"));
  const pid = execFileSync(command, args, { encoding: "utf8" });
  expect(readFileSync(file("agent/cgroup.procs"), "utf8")).toBe(pid);
  expect(readFileSync(file("agent/memory.max"), "utf8")).toBe(String(512 * MiB));
  expect(readFileSync(file("agent/cpu.max"), "utf8")).toBe("150000 100000");
});

test("a cgroup with others in it, or without what is needed, is left as it is", () => {
  expect(ownCgroup(undefined)).toBeUndefined();
  expect(ownCgroup(join(dir, "none"))).toBeUndefined();
  for (const [controllers, procs] of [
    ["cpu memory", `${process.pid}\n1\n`],
    ["pids hugetlb", `${process.pid}\n`],
  ]) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "cgroup.controllers"), controllers!);
    writeFileSync(join(dir, "cgroup.procs"), procs!);
    expect(ownCgroup(dir)).toBeUndefined();
    expect(existsSync(join(dir, "hacs-session-daemon"))).toBe(false);
  }
});

test.skipIf(process.platform !== "linux")("the cgroup of a process is found as a directory", () => {
  const found = cgroupOf("self");
  if (found !== undefined) expect(existsSync(join(found, "cgroup.procs"))).toBe(true);
});
