/**
 * Other users of this machine, for a daemon that root runs. Files where a user may have put what he
 * likes are touched as that user alone (`asUser`), so that no link in them leads root anywhere, and
 * his programs are started by one of ours that has become him for good (`spawn-as.ts`).
 */
import { userInfo } from "node:os";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";

export interface UnixUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** Of this machine or of a domain's, and nothing that could be a path or an option. */
const nameRule = /^[A-Za-z_][A-Za-z0-9_.@-]{0,31}$/;

/**
 * The user that a session was asked to run as; undefined when that is who this process runs as
 * anyway. Throws `user-unknown`, and `not-allowed` where we are not root.
 */
export function otherUser(name: string | undefined): UnixUser | undefined {
  if (name === undefined || name === userInfo().username) return undefined;
  if (process.geteuid?.() !== 0) {
    throw new HacsError(
      "not-allowed",
      `Only a daemon that root runs starts sessions as other users; this one is ${userInfo().username}'s, and ${quote(name)} was asked for.`,
      "Leave --user out, or start it from root's daemon: sudo hacs-session new --user NAME",
    );
  }
  const user = find(name);
  return user.uid === process.getuid?.() ? undefined : user;
}

/** The system's own word on a name, wherever it keeps its users: it says who we are, being him. */
function find(name: string): UnixUser {
  try {
    if (!nameRule.test(name)) throw new Error("it is no user's name");
    process.seteuid?.(name);
    const { username, uid, gid, homedir, shell } = userInfo();
    if (!nameRule.test(username)) throw new Error("it is no name for a directory");
    return { name: username, uid, gid, home: homedir, shell: shell || "/bin/sh" };
  } catch {
    throw new HacsError(
      "user-unknown",
      `This machine has no user ${quote(name)}.`,
      "Names are those of the system: getent passwd",
    );
  } finally {
    process.seteuid?.(0);
  }
}

/**
 * Does `work` with what the user may do, and no more. All of it has to happen before it returns:
 * the whole process is that user meanwhile. Its real user stays root, so that he can't signal it.
 */
export function asUser<T>(user: UnixUser | undefined, work: () => T): T {
  if (user === undefined) return work();
  const { setgroups, getgroups, setegid, seteuid, getegid } = process;
  if (!setgroups || !getgroups || !setegid || !seteuid || !getegid) throw noUsers();
  const before = { gid: getegid(), groups: getgroups() };
  try {
    takeGroups(user);
    setegid(user.gid);
    seteuid(user.uid);
    return work();
  } finally {
    try {
      seteuid(0);
      setegid(before.gid);
      setgroups(before.groups);
    } catch {
      // Who can't become root again would do everything else as that user.
      process.abort();
    }
  }
}

/** Becomes the user for good. Throws when that did not work. */
export function become(user: UnixUser): void {
  const { setgid, setuid, getuid, geteuid } = process;
  if (!setgid || !setuid || !getuid || !geteuid) throw noUsers();
  // Groups first: who is not root any more can't set them.
  takeGroups(user);
  setgid(user.gid);
  setuid(user.uid);
  if (getuid() !== user.uid || geteuid() !== user.uid)
    throw new Error(`the process is still uid ${geteuid()}`);
}

/** Those that the system has him in. Node has the call, and its types do not. */
function takeGroups({ name, gid }: UnixUser): void {
  const { initgroups } = process as { initgroups?: (user: string, group: number) => void };
  if (initgroups === undefined) throw noUsers();
  initgroups(name, gid);
}

function noUsers(): Error {
  return new Error("this system has no users to become");
}

/** What a login sets, and nothing of root's own. */
export function loginEnvironment(user: UnixUser): Record<string, string> {
  const { name, home, shell } = user;
  const kept = ["LANG", "LC_ALL", "TZ"].flatMap((variable) =>
    process.env[variable] ? [[variable, process.env[variable]]] : [],
  );
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    USER: name,
    LOGNAME: name,
    SHELL: shell,
    PATH: `${home}/.local/bin:/usr/local/bin:/usr/bin:/bin`,
  };
}
