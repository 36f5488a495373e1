/** Finds processes by what their command line ends with, and whose they are. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";

/**
 * The pids of the processes of these users whose last arguments are these: anybody may name a path,
 * and say anything on a command line of his own.
 */
export function processesEndingWith(words: string[], uids: (number | undefined)[]): number[] {
  return process.platform === "linux" ? fromProc(words, uids) : fromPs(words, uids);
}

function fromProc(words: string[], uids: (number | undefined)[]): number[] {
  const end = `\0${words.join("\0")}\0`;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return (
          Number.isInteger(pid) &&
          readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith(end) &&
          uids.includes(statSync(`/proc/${pid}`).uid)
        );
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

function fromPs(words: string[], uids: (number | undefined)[]): number[] {
  try {
    const list = execFileSync("ps", ["-axo", "pid=,uid=,args="], { encoding: "utf8" });
    return list.split("\n").flatMap((line) => {
      const [pid, uid] = line.trim().split(/\s+/).map(Number);
      return line.endsWith(` ${words.join(" ")}`) && uids.includes(uid) ? [pid as number] : [];
    });
  } catch {
    return [];
  }
}
