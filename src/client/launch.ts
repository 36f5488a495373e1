/**
 * Starts a daemon when none runs. Any number of commands may race: the daemon itself holds the
 * lock that lets one live, so here it is enough to keep them from starting a crowd. One command
 * makes the `starting` file and spawns; the others wait for the socket, and take over when that
 * file grows old.
 */

import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { quote } from "../protocol/address.ts";
import { type ErrorData, fromRpcError, HacsError } from "../protocol/errors.ts";
import { isObject } from "../protocol/messages.ts";
import { markVariable } from "../system/agent-family.ts";
import {
  absoluteVariables,
  type DaemonChoice,
  ensurePrivateDirectory,
  type Paths,
  pathsFor,
} from "../system/paths.ts";
import { programFile } from "../system/program-file.ts";
import { sleep } from "../system/sleep.ts";
import type { Connection } from "./connection.ts";
import { type ClientKind, dial } from "./dial.ts";
import { besideTerminal, dialHost, type HostOptions, targetOf } from "./host.ts";
import { startService } from "./service-start.ts";

const startTimeoutMs = 15_000;
const serviceTimeoutMs = 5_000;
const pollMs = 10;
/** A daemon that was told to stop may put its agents to sleep first. */
const stoppingTimeoutMs = 10_000;
/** A starter that took longer than this is taken for dead. */
const starterAgeMaxMs = 5_000;

/** Connects to the chosen daemon; with none running, starts it first. */
export async function connectOrStart(choice: DaemonChoice, kind: ClientKind): Promise<Connection> {
  const target = targetOf(choice);
  if (target !== undefined) return dialHost(target, kind, besideTerminal());
  const paths = pathsFor(choice);
  try {
    return await dial(paths.socket, kind);
  } catch (error) {
    if (!isAway(error)) throw error;
  }
  await startDaemon(choice, paths);
  return dial(paths.socket, kind);
}

/**
 * For a client whose connection broke. A daemon that was killed left its socket behind, and is
 * started again; one that was stopped took it along, and is waited for, not called back.
 */
export async function reconnect(
  choice: DaemonChoice,
  kind: ClientKind,
  host: HostOptions = { asks: false },
): Promise<Connection> {
  const target = targetOf(choice);
  if (target !== undefined) return dialHost(target, kind, host);
  const { socket } = pathsFor(choice);
  if (existsSync(socket)) return connectOrStart(choice, kind);
  throw new HacsError(
    "daemon-stopped",
    "The daemon was stopped, and is not started again by who was attached to it.",
    "Start it with: hacs-session daemon start",
  );
}

/** Resolves when a daemon answers, whoever started it; throws what the daemon died of. */
export async function startDaemon(
  choice: DaemonChoice,
  paths: Paths,
  args: string[] = [],
): Promise<void> {
  checkGivenDirectory(choice, paths);
  ensurePrivateDirectory(dirname(paths.socket));
  const marker = `${paths.socket}.starting`;
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    if (claim(marker)) {
      try {
        // The starter before this one may have just finished.
        if (await answers(paths.socket)) return;
        // What was given for this once is not in the service's command.
        if (args.length > 0 || !(await startedAsService(choice, paths)))
          await spawnAfter(choice, paths, args, deadline);
        return;
      } finally {
        unlinkQuietly(marker);
      }
    }
    if (await answers(paths.socket)) return;
    await sleep(pollMs);
  }
  throw new HacsError(
    "daemon-failed",
    `The daemon did not answer within ${startTimeoutMs / 1000} s.`,
    `Look at ${paths.logFile}, or run: hacs-session daemon run`,
  );
}

/** Throws what a daemon would die of that is started so, while another runs and has these ports. */
export async function checkStart(
  choice: DaemonChoice,
  paths: Paths,
  args: string[],
  held: readonly number[],
): Promise<void> {
  const checking = ["--check", ...held.flatMap((port) => ["--held", String(port)])];
  await spawnDaemon(choice, paths, [...args, ...checking], performance.now() + startTimeoutMs);
}

/** One whose service does not come up is started without, and then says itself why it can't be. */
async function startedAsService(choice: DaemonChoice, paths: Paths): Promise<boolean> {
  if (!(await startService(choice))) return false;
  const deadline = performance.now() + serviceTimeoutMs;
  while (performance.now() < deadline) {
    if (await answers(paths.socket)) return true;
    await sleep(pollMs);
  }
  return false;
}

/**
 * Spawns it, after the one that is shutting down if need be: that one has the lock, and its
 * socket is there, until it ends. One that has the lock and no socket lost that.
 */
async function spawnAfter(
  choice: DaemonChoice,
  paths: Paths,
  args: string[],
  deadline: number,
): Promise<void> {
  const patience = Math.min(deadline, performance.now() + stoppingTimeoutMs);
  for (;;) {
    const stopping = existsSync(paths.socket);
    try {
      return await spawnDaemon(choice, paths, args, deadline);
    } catch (error) {
      const held = error instanceof HacsError && error.code === "daemon-running";
      if (!held || performance.now() > patience) throw error;
      if (!stopping && !(await summoned(paths))) throw error;
    }
    // It may also be one that was just started by hand.
    if (await answers(paths.socket)) return;
    await sleep(pollMs);
  }
}

/** What looks for a process takes time to load, and few commands need it. */
async function summoned(paths: Paths): Promise<boolean> {
  const { summon } = await import("./summon.ts");
  return summon(paths);
}

/** A directory that -S names and that is not there is a slip of the pen, and is not made. */
function checkGivenDirectory({ socket, label }: DaemonChoice, paths: Paths): void {
  const given = socket ?? (label === undefined ? process.env.HACS_SESSION_SOCKET : undefined);
  const directory = dirname(paths.socket);
  if (!given || existsSync(directory)) return;
  throw new HacsError(
    "daemon-unreachable",
    `The directory of the socket ${quote(paths.socket)} does not exist.`,
    `Correct the path, or make it: mkdir -m 700 ${quote(directory)}`,
  );
}

/** A daemon that an agent's command starts is nobody's agent, and does not end with that one. */
const unmarked = { [markVariable]: undefined, HACS_SESSION: undefined };

/**
 * The daemon's program lies beside this one. It says over a pipe that it listens, or why not,
 * and lives on in a session of its own.
 */
function spawnDaemon(
  choice: DaemonChoice,
  paths: Paths,
  args: string[],
  deadline: number,
): Promise<void> {
  const chosen = choiceArguments(choice, paths);
  const child = spawn(process.execPath, [daemonProgram(), ...chosen, ...args], {
    env: { ...process.env, ...absoluteVariables(process.env), ...unmarked },
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const report = child.stdio[3] as Readable;
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(
      () => {
        reject(
          new HacsError(
            "daemon-failed",
            "The daemon did not start in time.",
            "Run it in the foreground to see why: hacs-session daemon run",
          ),
        );
      },
      Math.max(1, deadline - performance.now()),
    );
    const settle = () => {
      clearTimeout(timer);
      // A daemon that keeps its end open must not keep this process alive.
      report.destroy();
      child.unref();
      if (said.startsWith("ready")) resolve();
      else reject(startFailure(said));
    };
    report.on("data", (chunk) => {
      said += chunk;
      if (said.endsWith("\n")) settle();
    });
    report.on("end", settle);
    child.on("error", (error) =>
      reject(new HacsError("daemon-failed", `The daemon can't be started: ${error.message}.`)),
    );
  });
}

function daemonProgram(): string {
  return programFile("daemon.cjs");
}

/** The daemon runs in another directory, so it is given the socket as this one understands it. */
function choiceArguments(choice: DaemonChoice, paths: Paths): string[] {
  if (choice.socket !== undefined) return ["--socket", paths.socket];
  if (choice.label !== undefined) return ["--label", choice.label];
  return [];
}

function startFailure(said: string): HacsError {
  try {
    const error: unknown = JSON.parse(said);
    if (isObject(error) && typeof error.message === "string") {
      return fromRpcError({
        code: -32000,
        message: error.message,
        data: error.data as unknown as ErrorData,
      });
    }
  } catch {
    // What it said is not ours to read: it died before it could report.
  }
  return new HacsError(
    "daemon-failed",
    "The daemon ended before it listened.",
    "Run it in the foreground to see why: hacs-session daemon run",
  );
}

function claim(marker: string): boolean {
  mkdirSync(dirname(marker), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(marker, "wx", 0o600));
    return true;
  } catch {
    try {
      if (Date.now() - statSync(marker).mtimeMs > starterAgeMaxMs) unlinkSync(marker);
    } catch {
      // Another starter removed it first, which is as good.
    }
    return false;
  }
}

async function answers(socket: string): Promise<boolean> {
  try {
    const connection = await dial(socket, "probe");
    connection.close();
    return true;
  } catch (error) {
    if (isAway(error)) return false;
    throw error;
  }
}

/** No daemon is there, or the one that is will be gone in a moment. */
function isAway(error: unknown): boolean {
  const code = error instanceof HacsError ? error.code : undefined;
  return code === "daemon-unreachable" || code === "daemon-stopping";
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}
