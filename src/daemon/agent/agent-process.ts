/**
 * The process of an agent. It is started detached, in a session and process group of its own
 * with its stdio on a file, so that nothing that happens to the daemon reaches it.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { unlink } from "node:fs/promises";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isListening } from "../../system/probe-socket.ts";
import {
  identify,
  isAlive,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from "../../system/process-identity.ts";
import { processesEndingWith } from "../../system/process-list.ts";
import { argumentsFor } from "../../system/process-table.ts";
import { sleep } from "../../system/sleep.ts";
import { asUser, type UnixUser } from "../../system/unix-user.ts";
import type { Started } from "../starter/start.ts";
import { HelperLost, starter } from "../starter/starter.ts";
import type { AgentRow } from "../store/session-table.ts";

export interface AgentCommand {
  /** codex with its arguments, and what holds it to its limits before it. */
  program: [string, ...string[]];
  socket: string;
  cwd: string;
  env: Record<string, string>;
  logFile: string;
  /** Whom it runs as, when that is not the daemon's own user. */
  user: UnixUser | undefined;
}

const readyTimeoutMs = 15_000;
const pollMs = 5;
const termGraceMs = 3_000;
const killGraceMs = 5_000;
const lastWordsBytesMax = 64 * 1024;

export class AgentProcess {
  readonly identity: ProcessIdentity;

  private constructor(identity: ProcessIdentity) {
    this.identity = identity;
  }

  /**
   * Starts codex and resolves when its socket answers. `onSpawned` runs as soon as there is a
   * process, so that it can be written down before anything else. Throws `codex-failed` with
   * what codex said when it ends or hangs instead.
   */
  static async start(
    command: AgentCommand,
    onSpawned: (identity: ProcessIdentity) => void,
  ): Promise<AgentProcess> {
    removeSocket(command.socket, command.user);
    const { identity, ended } = await begin(command);
    const died = ended.then(({ code, signal, error }) => {
      if (error !== undefined) return error;
      return signal === null ? `exit code ${code}` : `signal ${signal}`;
    });
    if (identity === undefined) throw failed(command, await died);
    onSpawned(identity);
    const agent = new AgentProcess(identity);
    const outcome = await Promise.race([agent.#ready(command), died.then((how) => ({ how }))]);
    if (outcome === "ready") return agent;
    await agent.stop("SIGKILL");
    throw failed(
      command,
      outcome === "timeout" ? `not ready within ${readyTimeoutMs / 1000} s` : outcome.how,
    );
  }

  /** Takes over a process that an earlier daemon started; undefined when it is gone. */
  static adopt(identity: ProcessIdentity): AgentProcess | undefined {
    return isAlive(identity) ? new AgentProcess(identity) : undefined;
  }

  get pid(): number {
    return this.identity.pid;
  }

  get alive(): boolean {
    return isAlive(this.identity);
  }

  /** Ends it, politely first unless told otherwise, and resolves when it is gone. */
  async stop(first: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (first === "SIGTERM") {
      signalProcess(this.identity, "SIGTERM");
      if (await this.gone(termGraceMs)) return;
    }
    signalGroup(this.identity, "SIGKILL");
    await this.gone(killGraceMs);
  }

  /** Resolves true when the process is gone, false when `timeoutMs` passed first. */
  async gone(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.alive) {
      if (performance.now() >= deadline) return false;
      await sleep(pollMs);
    }
    return true;
  }

  async #ready({ socket, user }: AgentCommand): Promise<"ready" | "timeout"> {
    const deadline = performance.now() + readyTimeoutMs;
    while (performance.now() < deadline) {
      if (existsSync(socket) && (await isListening(socket, user))) return "ready";
      await sleep(pollMs);
    }
    return "timeout";
  }
}

/** What the socket of an agent that listens is a link to, null when it is the socket itself. */
export function targetOf(socket: string, user: UnixUser | undefined): string | null | undefined {
  return asUser(user, () => {
    try {
      return lstatSync(socket).isSymbolicLink() ? readlinkSync(socket) : null;
    } catch {
      return undefined;
    }
  });
}

/**
 * Makes the link again that somebody removed, a cleaner of /tmp say. False when what it led to is
 * gone as well: nobody can reach that agent any more.
 */
export function restoreSocket({ socket, target, user }: AgentRow): boolean {
  return asUser(user, () => {
    try {
      if (!existsSync(socket) && target != null && existsSync(target)) symlinkSync(target, socket);
    } catch {
      // Its directory is gone, too.
    }
    return existsSync(socket);
  });
}

async function begin(command: AgentCommand): Promise<Started> {
  const { program, cwd, env, user, logFile, socket } = command;
  try {
    return await starter.start({ program, cwd, env, user, stdio: { log: logFile } });
  } catch (error) {
    if (!(error instanceof HelperLost)) throw error;
    // It may have been started all the same; the next one is not to meet it.
    for (const identity of startedFor(socket, user))
      await AgentProcess.adopt(identity)?.stop("SIGKILL");
    throw error;
  }
}

/** Its socket's path, on its command line, tells an agent from all others. */
export function startedFor(socket: string, user: UnixUser | undefined): ProcessIdentity[] {
  // One that is to become the user may not have come to it.
  const uids = [process.getuid?.(), user?.uid];
  return processesEndingWith(argumentsFor(socket), uids).flatMap((pid) => identify(pid) ?? []);
}

/** codex leaves a symlink and, behind it, the socket and its lock; a dead agent needs none. */
export function removeSocket(socket: string, user: UnixUser | undefined): void {
  asUser(user, () => removeLinked(socket));
}

/**
 * The same for a dead agent, whose socket nobody waits for but its own session. It may fail while
 * root's daemon is another user for a moment (`asUser`): the next start removes what is left.
 */
export async function putAwaySocket(socket: string, user?: UnixUser): Promise<void> {
  if (user !== undefined) return removeSocket(socket, user);
  removeTarget(socket);
  // The link is long, so that a file system frees a block with it, which takes it milliseconds.
  await unlink(socket).catch(() => {});
}

function removeLinked(socket: string): void {
  removeTarget(socket);
  removeFile(socket);
}

function removeTarget(socket: string): void {
  const target = linkOf(socket) ?? "";
  if (!/^\/.*\/codex-daemon-\d+\/[0-9a-f]{64}$/.test(target)) return;
  removeFile(target);
  removeFile(`${target}.lock`);
}

function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It is gone already; and what can't be removed keeps the next agent from starting, which says so.
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function failed(command: AgentCommand, how: string): HacsError {
  const said = lastLines(command.logFile);
  return new HacsError(
    "codex-failed",
    `codex did not start (${how})${said === "" ? "" : `: ${quote(said)}`}.`,
    "hacs-session doctor checks codex, its login and its directories.",
  );
}

/** Of a log that may be of any size, whoever wrote it. */
function lastLines(file: string): string {
  try {
    const lines = endOf(file, lastWordsBytesMax).trim().split("\n");
    const telling = lines.filter((line) => /error/i.test(line));
    return (telling.at(-1) ?? lines.at(-1) ?? "").trim();
  } catch {
    return "";
  }
}

function endOf(file: string, bytesMax: number): string {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, bytesMax));
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, size - buffer.length));
  } finally {
    closeSync(fd);
  }
}
