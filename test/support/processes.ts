/** Looks at and ends real processes. Linux only: everything comes from /proc. */
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { eventually } from "./eventually.ts";

export interface ProcessInfo {
  pid: number;
  ppid: number;
  /** Its effective user. */
  uid: number;
  argv: string[];
  env: Record<string, string>;
}

/** Every process of this user that can be looked into; zombies are left out. */
export function listProcesses(): ProcessInfo[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readProcess(Number(pid))).filter((found) => found !== null);
}

/**
 * Those that were started with a variable `name` that is `value`, or a path below it, or that
 * name `value` in an argument.
 */
export function processesOf(name: string, value: string): ProcessInfo[] {
  return listProcesses().filter(
    ({ pid, env, argv }) =>
      pid !== process.pid &&
      (`${env[name]}/`.startsWith(`${value}/`) || argv.some((arg) => arg.includes(value))),
  );
}

/** Whether a handler of its own takes this signal. */
export function catches(pid: number, signal: NodeJS.Signals): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const caught = BigInt(`0x${/^SigCgt:\s+(\w+)/m.exec(status)?.[1]}`);
  return ((caught >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

export function readProcess(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return null;
    const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    const uid = Number(
      /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1],
    );
    return { pid, ppid: Number(ppid), uid, argv, env: readEnvironment(pid) };
  } catch {
    return null;
  }
}

function readEnvironment(pid: number): Record<string, string> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
    return Object.fromEntries(
      entries.map((entry) => {
        const at = entry.indexOf("=");
        return [entry.slice(0, at), entry.slice(at + 1)];
      }),
    );
  } catch {
    // Another user's, or one that may not be traced.
    return {};
  }
}

export function isRunning(pid: number): boolean {
  return readProcess(pid) !== null;
}

export function whenGone(pid: number): Promise<unknown> {
  return eventually(() => !isRunning(pid), { what: `process ${pid} is gone` });
}

/** Sends a signal; a process that is gone already is as good. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ends a process and all that came from it, children first, and waits until they are gone. */
export async function killTree(pid: number): Promise<void> {
  const all = listProcesses();
  const tree = [pid];
  for (const parent of tree)
    tree.push(...all.filter(({ ppid }) => ppid === parent).map((child) => child.pid));
  for (const member of tree.toReversed()) signal(member, "SIGKILL");
  for (const member of tree) await whenGone(member);
}
