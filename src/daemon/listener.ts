/** The daemon's unix socket. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import net from "node:net";
import { dirname } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import { ensurePrivateDirectory } from "../system/paths.ts";
import { isListening } from "../system/probe-socket.ts";
import { asUser, type UnixUser } from "../system/unix-user.ts";
import { ensureUserDirectory } from "../system/user-directory.ts";

/**
 * Listens on `path`. The caller holds the lock for it, so what answers there already is no daemon
 * of this version's making: it is left alone. A dead socket of our own is replaced; anything else
 * that has the name is not touched. With `user` it is made in that user's directory, as that user.
 */
export async function listen(
  path: string,
  onConnection: (socket: net.Socket) => void,
  user?: UnixUser,
): Promise<net.Server> {
  if (user === undefined) ensurePrivateDirectory(dirname(path));
  else ensureUserDirectory(dirname(path), user);
  await removeDead(path, user);
  const server = net.createServer({ allowHalfOpen: false }, onConnection);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      // The path is bound within this call; others must not meet the umask afterwards.
      const umask = process.umask(0o177);
      try {
        asUser(user, () => server.listen({ path, backlog: 1024 }, resolve));
      } finally {
        process.umask(umask);
      }
    });
  } catch (error) {
    throw new HacsError(
      "state-unwritable",
      `The socket ${quote(path)} can't be made: ${messageOf(error)}.`,
      "Check its directory, or choose another with -S.",
    );
  }
  asUser(user, () => chmodSync(path, 0o600));
  server.removeAllListeners("error");
  return server;
}

async function removeDead(path: string, user: UnixUser | undefined): Promise<void> {
  let stat: ReturnType<typeof lstatSync>;
  try {
    stat = lstatSync(path);
  } catch {
    return;
  }
  if (!stat?.isSocket() || stat.uid !== (user?.uid ?? process.getuid?.())) {
    throw new HacsError(
      "directory-unsafe",
      `${quote(path)} is in the way: it is not a socket of the user's own.`,
      "Look at what it is, and remove it.",
    );
  }
  if (await isListening(path, user)) {
    throw new HacsError(
      "daemon-running",
      `Something already listens on ${quote(path)}.`,
      "Use it, or end it with: hacs-session daemon stop",
    );
  }
  asUser(user, () => unlinkSync(path));
}
