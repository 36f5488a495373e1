/** Finds processes of this user by what stands on their command line. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The pids of all processes that have `argument` as one whole argument. */
export function processesWithArgument(argument: string): number[] {
  if (process.platform === "linux") return fromProc(argument);
  try {
    const list = execFileSync("ps", ["-axo", "pid=,args="], { encoding: "utf8" });
    return list
      .split("\n")
      .filter((line) => line.split(" ").includes(argument))
      .map((line) => Number.parseInt(line, 10));
  } catch {
    return [];
  }
}

function fromProc(argument: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && argumentsOf(pid).includes(argument));
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    // It ended meanwhile.
    return [];
  }
}
