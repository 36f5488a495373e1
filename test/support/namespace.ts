/** A PID namespace of its own, as a container has: what runs in it has a first process. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Options of unshare(1), before the command that is to be PID 1. */
export const asFirstProcess = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/** Why there can be none; undefined when there can. */
export function noNamespace(): string | undefined {
  try {
    execFileSync("unshare", [...asFirstProcess, "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return process.getuid?.() === 0
      ? "unshare --pid --mount-proc is not allowed here"
      : "a PID namespace needs root";
  }
}

export interface Member {
  /** As this process, and as the namespace itself, calls it. */
  pid: number;
  inside: number;
  parent: number;
  zombie: boolean;
}

/** The processes of the namespace that a child of `unshare` began. */
export function membersOf(unsharePid: number): Member[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const nested = all.map(readMember).filter((found) => found !== undefined);
  const first = nested.find(({ parent, inside }) => parent === unsharePid && inside === 1);
  const members = first === undefined ? [] : [first];
  for (const member of members)
    members.push(...nested.filter(({ parent }) => parent === member.pid));
  return members;
}

function readMember(pid: string): Member | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string) =>
      new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1]?.split(/\s+/) ?? [];
    const inside = field("NSpid").at(1);
    if (inside === undefined) return undefined;
    return {
      pid: Number(pid),
      inside: Number(inside),
      parent: Number(field("PPid")[0]),
      zombie: field("State")[0] === "Z",
    };
  } catch {
    return undefined;
  }
}
