/**
 * The processes of this machine, each with whether it shows that it belongs to a session. On Linux
 * all is read from /proc, newest first: what lives for a moment only is to be seen in it. What ends
 * between being listed and being read is counted, since nobody can say whose it was.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { bootId, livingThread, type ProcessIdentity, statFields } from "./process-identity.ts";

/** In the environment of every agent, and of what it starts. */
export const markVariable = "HACS_SESSION_ID";

export interface AgentMark {
  session: string;
  /** What its agent listens on. */
  socket: string;
  /** The directory of the cgroup that it has for itself. */
  cgroup?: string | undefined;
}

export interface FamilyMember extends ProcessIdentity {
  parent: number;
  group: number;
  /** The id of its login session, in the sense of setsid(2). */
  sid: number;
  stopped: boolean;
  command: string;
}

export interface Found extends FamilyMember {
  marked: boolean;
}

/** It ended before it could be read, or was dead already and nobody has taken note of that yet. */
export interface Ended {
  pid: number;
  /** Undefined when nothing is there any more. */
  startTime?: string;
}

export interface ProcessTable {
  found: Found[];
  ended: Ended[];
}

/** As `AgentProcess` starts it; anybody may name a path, so these three in a row. */
export function argumentsFor(socket: string): string[] {
  return ["app-server", "--listen", `unix://${socket}`];
}

export class ProcessReader {
  readonly #variables: ReadonlySet<string>;
  readonly #marks: readonly AgentMark[];

  constructor(marks: readonly AgentMark[]) {
    this.#marks = marks;
    this.#variables = new Set(marks.map(({ session }) => `${markVariable}=${session}`));
  }

  all(): ProcessTable {
    if (process.platform !== "linux") return { found: fromPs(this.#marks), ended: [] };
    const confined = new Set(
      this.#marks.flatMap(({ cgroup }) => (cgroup === undefined ? [] : membersOf(cgroup))),
    );
    const table: ProcessTable = { found: [], ended: [] };
    for (const entry of readdirSync("/proc").reverse()) {
      const pid = Number(entry);
      if (!Number.isInteger(pid) || pid === 2) continue;
      const one = this.#read(pid);
      if (one === undefined) continue;
      if (!("sid" in one)) table.ended.push(one);
      else table.found.push({ ...one, marked: one.marked || confined.has(pid) });
    }
    return table;
  }

  /** The process that was started last on this machine, while it is there. */
  newest(): Found | undefined {
    if (process.platform !== "linux") return undefined;
    const one = this.#read(Number(readFileSync("/proc/loadavg", "latin1").split(" ")[4]));
    return one !== undefined && "sid" in one ? one : undefined;
  }

  /** Undefined for what is none of a user's, or not to be looked at. */
  #read(pid: number): Found | Ended | undefined {
    try {
      const fields = statFields(pid);
      const [state = "Z", parent, group, sid] = fields;
      // The kernel's own threads have no environment, and are many.
      if (parent === "2") return undefined;
      // What its first thread has left shows what it is in the others alone.
      const thread = /[ZX]/.test(state) ? livingThread(pid, fields) : `/proc/${pid}`;
      if (thread === undefined) return { pid, startTime: fields[19] ?? "" };
      const command = readFileSync(`${thread}/cmdline`, "utf8");
      return {
        pid,
        startTime: fields[19] ?? "",
        bootId: bootId(),
        parent: Number(parent),
        group: Number(group),
        sid: Number(sid),
        stopped: /[Tt]/.test(thread === `/proc/${pid}` ? state : (statFields(thread)[0] ?? "")),
        command: command.replaceAll("\0", " ").trim(),
        marked: this.#listens(pid, command) || this.#hasVariable(thread),
      };
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ESRCH") return { pid };
      // Another user's on a machine that hides those. Anything else is a look that failed.
      if (code === "EACCES" || code === "EPERM") return undefined;
      throw error;
    }
  }

  /** Anybody may write anything on a command line of his own. */
  #listens(pid: number, command: string): boolean {
    return (
      this.#marks.some(({ socket }) => command.includes(`${argumentsFor(socket).join("\0")}\0`)) &&
      statSync(`/proc/${pid}`).uid === process.getuid?.()
    );
  }

  #hasVariable(thread: string): boolean {
    try {
      return readFileSync(`${thread}/environ`, "utf8")
        .split("\0")
        .some((one) => this.#variables.has(one));
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // Another user's, or one that may not be looked into.
      if (code === "EACCES" || code === "EPERM") return false;
      throw error;
    }
  }
}

/** Those in it and in what was parted off below it. */
function membersOf(cgroup: string): number[] {
  try {
    const below = readdirSync(cgroup, { withFileTypes: true }).filter((one) => one.isDirectory());
    const own = readFileSync(`${cgroup}/cgroup.procs`, "utf8").split("\n").filter(Boolean);
    return [...own.map(Number), ...below.flatMap(({ name }) => membersOf(`${cgroup}/${name}`))];
  } catch {
    return [];
  }
}

/** Without /proc there is no environment to look at: ancestors and groups have to do. */
function fromPs(marks: readonly AgentMark[]): Found[] {
  const listed = execFileSync("ps", ["-axo", "pid=,ppid=,pgid=,state=,lstart=,args="], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const commands = marks.map(({ socket }) => argumentsFor(socket).join(" "));
  return listed.split("\n").flatMap((line) => {
    const [pid, parent, group, state = "Z", ...rest] = line.trim().split(/\s+/);
    if (pid === undefined || state.startsWith("Z")) return [];
    const command = rest.slice(5).join(" ");
    return [
      {
        pid: Number(pid),
        startTime: rest.slice(0, 5).join(" "),
        bootId: bootId(),
        parent: Number(parent),
        group: Number(group),
        sid: Number(group),
        stopped: state.startsWith("T"),
        command,
        marked: commands.some((one) => command.endsWith(one)),
      },
    ];
  });
}
