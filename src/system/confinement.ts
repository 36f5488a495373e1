/**
 * How what an agent may take of the machine is held. The best that there is: a scope of systemd's,
 * or a cgroup of its own where this process was given one to part (both hold memory and CPU of all
 * that the agent starts, together), else limits of each process. Of those only RLIMIT_DATA is used:
 * it counts what a process may write to, while RLIMIT_AS counts what it reserves, of which V8 and
 * Rust's and Go's runtimes take a hundred times what they use. No such limit holds the speed of a
 * CPU: RLIMIT_CPU ends a process after so many seconds of work, and nice gives way to others only.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Resources {
  memoryBytes?: number;
  cpus?: number;
}

export interface Confinement {
  by: "systemd" | "cgroup" | "rlimit";
  /** Whether it holds memory for all processes together, for each by itself, or not at all. */
  memory: "together" | "each" | "no";
  cpus: boolean;
  /** The cgroup below which those of agents are made. */
  parent?: string;
}

export interface ConfinedCommand {
  command: string;
  args: string[];
  /** The directory of the cgroup, when it was made here. */
  cgroup?: string;
}

const probeTimeoutMs = 5_000;
const cpuPeriodUs = 100_000;

/** What there always is. */
export const byProcess: Confinement = { by: "rlimit", memory: "each", cpus: false };

/** What there is on this machine, tried and not guessed. */
export async function findConfinement(): Promise<Confinement> {
  if (process.platform !== "linux") return { by: "rlimit", memory: "no", cpus: false };
  return (await systemdScope()) ?? ownCgroup(cgroupOf("self")) ?? byProcess;
}

/** The command that runs another within its resources, as the same process: each step is an exec. */
export function confine(
  { by, memory, cpus, parent }: Confinement,
  { memoryBytes, cpus: wanted }: Resources,
  name: string,
  [command, ...args]: [string, ...string[]],
): ConfinedCommand {
  const bytes = memory === "no" ? undefined : memoryBytes;
  const share = cpus ? wanted : undefined;
  if (bytes === undefined && share === undefined) return { command, args };
  switch (by) {
    case "systemd":
      return {
        command: "systemd-run",
        args: [...scope(bytes, share), `--unit=${name}`, "--", command, ...args],
      };
    case "cgroup": {
      const cgroup = makeCgroup(join(parent ?? "", name), bytes, share);
      const enter = 'echo $$ > "$1" && shift && exec "$@"';
      return {
        command: "/bin/sh",
        args: ["-c", enter, "sh", join(cgroup, "cgroup.procs"), command, ...args],
        cgroup,
      };
    }
    case "rlimit": {
      const kib = Math.max(1, Math.floor((bytes ?? 0) / 1024));
      const limit = 'ulimit -d "$1" && shift && exec "$@"';
      return { command: "/bin/sh", args: ["-c", limit, "sh", String(kib), command, ...args] };
    }
  }
}

/** The directory of a process's cgroup (v2); undefined where there is none. */
export function cgroupOf(pid: number | "self"): string | undefined {
  try {
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
    const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    const mount = mounts.find((line) => / - cgroup2 /.test(line))?.split(" ")[4];
    return path === undefined || mount === undefined ? undefined : join(mount, path);
  } catch {
    return undefined;
  }
}

/** Removes a cgroup that nothing is in any more. */
export function removeCgroup(cgroup: string | undefined): void {
  if (cgroup === undefined) return;
  try {
    rmdirSync(cgroup);
  } catch {
    // It is gone, or something lives on in it: then it is what holds that.
  }
}

function scope(memoryBytes: number | undefined, cpus: number | undefined): string[] {
  return [
    ...(process.getuid?.() === 0 ? [] : ["--user"]),
    ...["--scope", "--quiet", "--collect"],
    ...(memoryBytes === undefined
      ? []
      : ["-p", `MemoryMax=${memoryBytes}`, "-p", "MemorySwapMax=0"]),
    ...(cpus === undefined ? [] : ["-p", `CPUQuota=${Math.max(1, Math.round(cpus * 100))}%`]),
  ];
}

/** A scope is made, and asked what holds in it: a manager may lack the controllers. */
async function systemdScope(): Promise<Confinement | undefined> {
  if (!existsSync("/run/systemd/system")) return undefined;
  const look =
    'd=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); cat "$d/memory.max"; echo; cat "$d/cpu.max"';
  try {
    const args = [...scope(64 * 2 ** 20, 0.5), "--", "/bin/sh", "-c", look];
    const { stdout } = await promisify(execFile)("systemd-run", args, { timeout: probeTimeoutMs });
    const [memoryMax = "", , cpuMax = ""] = stdout.split("\n");
    const memory = Number(memoryMax) > 0 ? "together" : "no";
    const cpus = /^\d+ \d+$/.test(cpuMax);
    return memory === "no" && !cpus ? undefined : { by: "systemd", memory, cpus };
  } catch {
    return undefined;
  }
}

/**
 * A cgroup may be parted when it is ours to write and nothing runs in it itself, so this process
 * goes one down; with others in it, it is not ours to part.
 */
export function ownCgroup(own: string | undefined): Confinement | undefined {
  if (own === undefined) return undefined;
  try {
    const offered = readFileSync(join(own, "cgroup.controllers"), "utf8").trim().split(/\s+/);
    const wanted = ["memory", "cpu"].filter((controller) => offered.includes(controller));
    if (wanted.length === 0) return undefined;
    const inside = readFileSync(join(own, "cgroup.procs"), "utf8").trim().split("\n");
    if (inside.some((pid) => pid !== "" && pid !== String(process.pid))) return undefined;
    const daemon = join(own, "hacs-session-daemon");
    mkdirSync(daemon, { recursive: true });
    writeFileSync(join(daemon, "cgroup.procs"), String(process.pid));
    const enable = wanted.map((controller) => `+${controller}`).join(" ");
    writeFileSync(join(own, "cgroup.subtree_control"), enable);
    const memory = wanted.includes("memory") ? "together" : "no";
    return { by: "cgroup", memory, cpus: wanted.includes("cpu"), parent: own };
  } catch {
    return undefined;
  }
}

function makeCgroup(
  cgroup: string,
  memoryBytes: number | undefined,
  cpus: number | undefined,
): string {
  mkdirSync(cgroup, { recursive: true });
  const set = (file: string, value: string) => writeFileSync(join(cgroup, file), value);
  if (memoryBytes !== undefined) {
    set("memory.max", String(memoryBytes));
    // Without swap accounting there is no such file, and no swap to be had.
    if (existsSync(join(cgroup, "memory.swap.max"))) set("memory.swap.max", "0");
  }
  if (cpus !== undefined) set("cpu.max", `${Math.round(cpus * cpuPeriodUs)} ${cpuPeriodUs}`);
  return cgroup;
}
