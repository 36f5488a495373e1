/**
 * Where everything is kept. XDG and nothing else: config, state and sockets each in the place
 * the user's machine has for them, `HACS_SESSION_HOME` puts all three under one directory.
 */
import { lstatSync, mkdirSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { checkName, quote } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";

export interface Paths {
  configFile: string;
  /** History, environments, logs; one directory a daemon. */
  stateDir: string;
  historyFile: string;
  logFile: string;
  /** The daemon's socket. */
  socket: string;
  /** The sockets of agents; short names, since a socket path has 107 bytes at most. */
  agentsDir: string;
  /** The sockets that speak codex's own protocol, one a session. */
  codexDir: string;
}

/**
 * Which daemon: the default one, one by label (`-L`), or one by socket path (`-S`); with `host`
 * (`-H`) the one over there that is chosen so.
 */
export type DaemonChoice = { label?: string; socket?: string; host?: string };

/** Where a session's agent listens. */
export function agentSocket(agentsDir: string, session: string): string {
  return join(agentsDir, `${session}.sock`);
}

/** What sun_path of unix(7) holds, less the final NUL. */
export const socketPathBytesMax = 107;

export function pathsFor(choice: DaemonChoice = {}, env: NodeJS.ProcessEnv = process.env): Paths {
  const home = env.HACS_SESSION_HOME ? resolve(env.HACS_SESSION_HOME) : undefined;
  const base = (variable: string, fallback: string) => {
    const given = env[variable];
    return join(given && isAbsolute(given) ? given : join(homedir(), fallback), "hacs-session");
  };
  const configDir = home ? join(home, "config") : base("XDG_CONFIG_HOME", ".config");
  const stateRoot = home ? join(home, "state") : base("XDG_STATE_HOME", ".local/state");
  const runtimeDir = home ? join(home, "run") : runtimeDirFrom(env);

  const socketGiven = choice.socket ?? (choice.label ? undefined : env.HACS_SESSION_SOCKET);
  const label = choice.label === undefined ? "default" : checkName(choice.label, "daemon label");
  const socket = checkSocketPath(
    socketGiven ? resolve(socketGiven) : join(runtimeDir, `${label}.sock`),
  );
  const stateName = socketGiven ? `socket-${shortHash(socket)}` : label;
  const stateDir = join(stateRoot, stateName);
  return {
    configFile: join(configDir, "config.json"),
    stateDir,
    historyFile: join(stateDir, "history.db"),
    logFile: join(stateDir, "daemon.log"),
    socket,
    agentsDir: join(runtimeDir, `${stateName}.agents`),
    codexDir: join(runtimeDir, `${stateName}.codex`),
  };
}

/** The variables that `pathsFor` reads as paths, for a process that runs in another directory. */
export function absoluteVariables(
  env: NodeJS.ProcessEnv,
  cwd: string = process.cwd(),
): Record<string, string> {
  const names = ["HACS_SESSION_HOME", "HACS_SESSION_SOCKET"];
  return Object.fromEntries(
    names.flatMap((name) => (env[name] ? [[name, resolve(cwd, env[name])]] : [])),
  );
}

/** Socket paths that the system would cut silently are refused here, with what helps. */
export function checkSocketPath(path: string): string {
  const bytes = Buffer.byteLength(path);
  if (bytes <= socketPathBytesMax) return path;
  throw new HacsError(
    "socket-path-long",
    `A unix socket's path has at most ${socketPathBytesMax} bytes; ${quote(path)} has ${bytes}.`,
    "Choose a shorter one with -S, or set HACS_SESSION_HOME or XDG_RUNTIME_DIR to a shorter directory.",
  );
}

/**
 * Makes a directory that only its owner may enter, or proves that it is one. Whoever can reach
 * what is inside can run commands as the user, so anything doubtful is refused: another owner,
 * a symlink, a mode that lets others in.
 */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new HacsError(
      "state-unwritable",
      `The directory ${quote(path)} can't be made: ${messageOf(error)}.`,
      "Check its owner and free space, or set HACS_SESSION_HOME to a directory you can write.",
    );
  }
  checkPrivateDirectory(path);
}

/** Throws `directory-unsafe` unless `path` is a directory of this user's, closed to all others. */
export function checkPrivateDirectory(path: string): void {
  const stat = lstatSync(path);
  const uid = process.getuid?.();
  const wrong = !stat.isDirectory()
    ? "is not a directory (a symlink is not followed)"
    : uid !== undefined && stat.uid !== uid
      ? `belongs to uid ${stat.uid}, not to you (uid ${uid})`
      : (stat.mode & 0o077) !== 0
        ? `is open to others (mode ${(stat.mode & 0o777).toString(8)})`
        : undefined;
  if (wrong === undefined) return;
  throw new HacsError(
    "directory-unsafe",
    `A private directory is the user's own, with mode 700; ${quote(path)} ${wrong}.`,
    `Look at who made it, then: chmod 700 ${basename(path)} in ${dirname(path)}, or remove it.`,
  );
}

function runtimeDirFrom(env: NodeJS.ProcessEnv): string {
  const given = env.XDG_RUNTIME_DIR;
  if (given && isAbsolute(given)) return join(given, "hacs-session");
  return join("/tmp", `hacs-session-${process.getuid?.() ?? userInfo().username}`);
}

export function shortHash(text: string): string {
  // Importing it would cost every command 3 ms, and few need it.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** As people write it: `~/work` for what is in their home directory. */
export function shortPath(path: string, home: string | undefined): string {
  if (!home || home === "/" || (path !== home && !path.startsWith(`${home}/`))) return path;
  return `~${path.slice(home.length)}`;
}
