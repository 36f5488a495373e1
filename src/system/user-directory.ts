/**
 * Where the sockets of another user's sessions lie: codex makes its own as that user, who has to
 * get there, and root's directories let nobody through. What is above is root's and can be passed
 * but not listed; the last directory is the user's alone.
 */
import { chmodSync, lchownSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import { type Paths, shortHash } from "./paths.ts";
import type { UnixUser } from "./unix-user.ts";

const root = process.platform === "darwin" ? "/var/run/hacs-session" : "/run/hacs-session";

/** All users' directories of one daemon. */
export function usersDirectory({ agentsDir }: Pick<Paths, "agentsDir">): string {
  return join(root, shortHash(agentsDir));
}

export function userDirectory(paths: Pick<Paths, "agentsDir">, name: string): string {
  return join(usersDirectory(paths), name);
}

/** Makes it, or proves that it is as it should be; a reboot takes it away. */
export function ensureUserDirectory(path: string, user: UnixUser): void {
  const above = dirname(path);
  for (const directory of [dirname(above), above]) {
    if (make(directory)) chmodSync(directory, 0o711);
    check(directory, 0, 0o022, "root's own, and for others to pass only");
  }
  make(path);
  // As it was made, or by a daemon that died before this.
  if (lstatSync(path).uid === 0) lchownSync(path, user.uid, user.gid);
  check(path, user.uid, 0o077, `${user.name}'s own, with mode 700`);
}

/** True when it was not there. */
function make(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new HacsError(
      "state-unwritable",
      `The directory ${quote(path)} for another user's sockets can't be made: ${messageOf(error)}.`,
      `Make ${quote(dirname(path))} writable for root; in a container, a tmpfs will do.`,
    );
  }
}

function check(path: string, uid: number, closed: number, rule: string): void {
  const stat = lstatSync(path);
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & closed) === 0) return;
  throw new HacsError(
    "directory-unsafe",
    `${quote(path)} is to be a directory, ${rule}; it belongs to uid ${stat.uid}, mode ${(stat.mode & 0o7777).toString(8)}.`,
    `Look at who changed it, then remove it: rm -r ${path}`,
  );
}
