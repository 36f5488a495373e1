/**
 * The process of an agent. It is started detached, in a session and process group of its own
 * with its stdio on a file, so that nothing that happens to the daemon reaches it.
 */

import type { ChildProcess } from "node:child_process";
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
} from "node:fs";
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
import { sleep } from "../../system/sleep.ts";
import { spawnAs } from "../../system/spawn-as.ts";
import { asUser, type UnixUser } from "../../system/unix-user.ts";
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
  readonly #child: ChildProcess | undefined;

  private constructor(identity: ProcessIdentity, child?: ChildProcess) {
    this.identity = identity;
    this.#child = child;
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
    const log = openSync(command.logFile, "a", 0o600);
    const [program, ...args] = command.program;
    const child = spawnAs(command.user, program, args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    const died = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) =>
        resolve(signal ? `signal ${signal}` : `exit code ${code}`),
      );
    });
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) throw failed(command, await died);
    onSpawned(identity);
    const agent = new AgentProcess(identity, child);
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
    while (this.alive && this.#child?.exitCode == null && this.#child?.signalCode == null) {
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

/** codex leaves a symlink and, behind it, the socket and its lock; a dead agent needs none. */
export function removeSocket(socket: string, user: UnixUser | undefined): void {
  asUser(user, () => removeLinked(socket));
}

function removeLinked(socket: string): void {
  try {
    const target = lstatSync(socket).isSymbolicLink() ? readlinkSync(socket) : "";
    rmSync(socket, { force: true });
    if (!target.startsWith("/") || !/\/codex-daemon-\d+\/[0-9a-f]{64}$/.test(target)) return;
    rmSync(target, { force: true });
    rmSync(`${target}.lock`, { force: true });
  } catch {
    // It is gone already; and what can't be removed keeps the next agent from starting, which says so.
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
