/**
 * Which processes came of a session's agent, however far they ran from it. What is marked belongs:
 * the agent is started with the session's id in its environment, which what it starts inherits,
 * and with the session's socket as an argument. So does what has an ancestor that belongs, and
 * what is in a login session (setsid) with one that does: nobody can join such a session, only be
 * born in it. What was once seen to belong does for as long as it lives, with all it starts from
 * then on, even when its ancestors are gone.
 *
 * What emptied its environment, left its login session and lost its parent before the first look
 * belongs as well and can't be told from others, unless the agent has a cgroup of its own.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { bootId, type ProcessIdentity, statFields } from "./process-identity.ts";

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
  /** The id of its login session, in the sense of setsid(2). */
  sid: number;
  stopped: boolean;
  command: string;
}

interface Found extends FamilyMember {
  marked: boolean;
}

export class AgentFamily {
  readonly #marks: readonly AgentMark[];
  /** Start times by pid. */
  readonly #known = new Map<number, string>();

  /** `seen`: what was found to belong by an earlier look, of another process perhaps. */
  constructor(marks: readonly AgentMark[], seen: readonly ProcessIdentity[] = []) {
    this.#marks = marks;
    for (const one of seen) if (one.bootId === bootId()) this.#known.set(one.pid, one.startTime);
  }

  /** Those that live now, without this process itself. */
  look(): FamilyMember[] {
    const all = processes(this.#marks);
    const members = new Set(
      all.filter((one) => one.marked || this.#known.get(one.pid) === one.startTime),
    );
    const strangers = new Set([1, process.pid].map((pid) => sidOf(all, pid)));
    for (let before = -1; before < members.size; ) {
      before = members.size;
      const pids = new Set([...members].map(({ pid }) => pid));
      const sids = new Set([...members].map(({ sid }) => sid).filter((sid) => !strangers.has(sid)));
      for (const one of all) if (pids.has(one.parent) || sids.has(one.sid)) members.add(one);
    }
    const found = [...members].filter(({ pid }) => pid !== process.pid && pid > 1);
    for (const { pid, startTime } of found) this.#known.set(pid, startTime);
    return found;
  }
}

function sidOf(all: Found[], wanted: number): number {
  return all.find(({ pid }) => pid === wanted)?.sid ?? 0;
}

function processes(marks: readonly AgentMark[]): Found[] {
  return process.platform === "linux" ? fromProc(marks) : fromPs(marks);
}

function fromProc(marks: readonly AgentMark[]): Found[] {
  const sessions = new Set(marks.map(({ session }) => `${markVariable}=${session}`));
  const commands = marks.map(({ socket }) => argumentsFor(socket).join("\0"));
  const confined = new Set(marks.flatMap(({ cgroup }) => (cgroup ? membersOf(cgroup) : [])));
  const found: Found[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === 2) continue;
    try {
      const fields = statFields(pid);
      const [state = "Z", parent, , sid] = fields;
      // The kernel's own threads have no environment, and are many.
      if (/[ZX]/.test(state) || parent === "2") continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const listens = commands.some((one) => command.includes(one)) && isOurs(pid);
      found.push({
        pid,
        startTime: fields[19] ?? "",
        bootId: bootId(),
        parent: Number(parent),
        sid: Number(sid),
        stopped: /[Tt]/.test(state),
        command: command.replaceAll("\0", " ").trim(),
        marked: listens || confined.has(pid) || hasVariable(pid, sessions),
      });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** As `AgentProcess` starts it; anybody may name a path, so these three in a row. */
function argumentsFor(socket: string): string[] {
  return ["app-server", "--listen", `unix://${socket}`, ""];
}

/** Anybody may write anything on a command line of his own. */
function isOurs(pid: number): boolean {
  return statSync(`/proc/${pid}`).uid === process.getuid?.();
}

function hasVariable(pid: number, variables: ReadonlySet<string>): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .some((one) => variables.has(one));
  } catch {
    // Another user's, or one that may not be looked into.
    return false;
  }
}

function membersOf(cgroup: string): number[] {
  try {
    return readFileSync(`${cgroup}/cgroup.procs`, "utf8").split("\n").filter(Boolean).map(Number);
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
  const commands = marks.map(({ socket }) => argumentsFor(socket).join(" ").trim());
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
        sid: Number(group),
        stopped: state.startsWith("T"),
        command,
        marked: commands.some((one) => command.endsWith(one)),
      },
    ];
  });
}
