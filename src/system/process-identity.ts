/**
 * Who a process is. A pid alone is no proof: it is reused, and after a reboot it means somebody
 * else. With the start time and the boot's id it is one process for ever, so nothing is ever
 * signalled on the strength of a number in a file.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot on Linux (field 22 of proc(5) stat), a date elsewhere. */
  startTime: string;
  bootId: string;
}

/** The identity of a living process; undefined when there is none, or only its zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const startTime = process.platform === "linux" ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now?.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** Whether it was stopped by a signal (SIGSTOP, or a debugger), as far as the system tells. */
export function isStopped(identity: ProcessIdentity): boolean {
  if (process.platform !== "linux" || !isAlive(identity)) return false;
  try {
    return /^[Tt]/.test(statFields(identity.pid)[0] ?? "");
  } catch {
    return false;
  }
}

/**
 * Signals the whole group that the process leads, or the process alone if it leads none. False
 * when it is no longer the process that was meant.
 */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  for (const target of [-identity.pid, identity.pid]) {
    try {
      process.kill(target, signal);
      return true;
    } catch {
      // No such group: the process itself is next.
    }
  }
  return false;
}

/** Signals the process alone, which then ends what it started in its own way. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** The processes of this user that have `file` open, as far as the system shows them. */
export function holdersOf(file: string): { pid: number; command: string }[] {
  if (process.platform !== "linux") return [];
  const holders: { pid: number; command: string }[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      const open = readdirSync(`/proc/${pid}/fd`);
      if (!open.some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === file)) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      holders.push({ pid, command });
    } catch {
      // It ended meanwhile, or belongs to someone else.
    }
  }
  return holders;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Those of proc(5) stat that come after the command, the state first; of a process or a thread. */
export function statFields(of: number | string): string[] {
  const stat = readFileSync(`${typeof of === "number" ? `/proc/${of}` : of}/stat`, "latin1");
  // The command, in parentheses, may itself hold spaces and parentheses.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/**
 * A process whose first thread has ended looks like a zombie, and is none as long as others run:
 * the directory of one that does. `fields` are those of its stat, of which one is their number.
 */
export function livingThread(pid: number, fields: string[]): string | undefined {
  if (Number(fields[17]) <= 1) return undefined;
  const threads = readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}`);
  return threads.find((thread) => {
    try {
      return !/^[ZX]/.test(statFields(thread)[0] ?? "Z");
    } catch {
      // This one ended meanwhile.
      return false;
    }
  });
}

function startTimeFromProc(pid: number): string | undefined {
  try {
    const fields = statFields(pid);
    const isOver = /^[ZX]/.test(fields[0] ?? "Z") && livingThread(pid, fields) === undefined;
    return isOver ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const [state, ...date] = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith("Z") ? undefined : date.join(" ");
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;
export function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  try {
    if (process.platform === "linux") {
      return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    }
    return execFileSync("sysctl", ["-n", "kern.boottime"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
