/** Starts a program as another user of the machine, or as who we are. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { HacsError } from "../protocol/errors.ts";
import { programFile } from "./program-file.ts";
import type { UnixUser } from "./unix-user.ts";

export interface Start {
  cwd: string;
  env: Record<string, string>;
  detached?: boolean;
  /** Of the first three. */
  stdio: ("ignore" | "pipe" | number)[];
}

/** What `as-user.ts` reads: what is no argument, since those are for all of the machine to see. */
export interface Becoming extends Pick<Start, "cwd" | "env"> {
  user: UnixUser;
}

export const becomingFd = 3;

/**
 * The process is the program's from its first moment: the one that becomes the user is replaced by
 * it, so pid and start time stay. Node's own `uid` and `gid` would leave him without his groups,
 * and would enter `cwd` as root.
 */
export function spawnAs(
  user: UnixUser | undefined,
  file: string,
  args: string[],
  { cwd, env, detached = false, stdio }: Start,
): ChildProcess {
  if (user === undefined) return spawn(file, args, { cwd, env, detached, stdio });
  if (process.execve === undefined) {
    throw new HacsError(
      "not-allowed",
      `Sessions of other users need Node 22.15 or newer; this is ${process.versions.node}.`,
      "Update Node, and then: hacs-session daemon restart",
    );
  }
  const options: SpawnOptions = { cwd: "/", env: {}, detached, stdio: [...stdio, "pipe"] };
  const program = programFile("as-user.cjs");
  const child = spawn(process.execPath, [program, file, ...args], options);
  const becoming = child.stdio[becomingFd] as Writable | null;
  // It may be gone before it has read all; how it ended says why.
  becoming?.on("error", () => {});
  becoming?.end(JSON.stringify({ user, cwd, env } satisfies Becoming));
  return child;
}
