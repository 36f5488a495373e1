/** Opens a connection to a daemon's unix socket and shakes hands. */
import { lstatSync } from "node:fs";
import net from "node:net";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { type Params, PROTOCOL, type Result } from "../protocol/methods.ts";
import { checkPrivateDirectory } from "../system/paths.ts";
import { version } from "../system/version.ts";
import { Connection } from "./connection.ts";

/** What kind of client this is, as approvals and messages are attributed: `cli`, `tui`, … */
export type ClientKind = string;

/** How long a daemon may take to answer the hello. A hung daemon is an error, not a hang. */
const helloTimeoutMs = 4_000;

/**
 * Throws `daemon-unreachable` when nothing listens, `daemon-hung` when what listens does not
 * answer, `directory-unsafe` when it may be a trap.
 */
export async function dial(socket: string, kind: ClientKind): Promise<Connection> {
  checkOwner(socket);
  const connection = new Connection(await connect(socket));
  try {
    await greet(connection, { kind, version, user: userName(), from: origin() });
    return connection;
  } catch (error) {
    if (error !== late) throw error;
    // Few commands meet one, and all would pay for loading what finds its pid.
    const { hungDaemon } = await import("./hung.ts");
    throw hungDaemon(socket);
  }
}

/** Who answers the hello too late. */
export const late: HacsError = new HacsError("daemon-hung", "The daemon does not answer.");

/** Shakes hands on a connection, which is closed when that fails; throws `late` when it hangs. */
export async function greet(
  connection: Connection,
  client: Params<"hello">["client"],
  timeoutMs: number = helloTimeoutMs,
  via?: string[],
): Promise<Result<"hello">> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      connection.call("hello", { protocol: PROTOCOL, client, ...(via ? { via } : {}) }),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late), timeoutMs);
      }),
    ]);
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The bare stream; throws `daemon-unreachable` when nothing listens. */
export function connect(socket: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const stream = net.connect({ path: socket });
    stream.once("connect", () => {
      stream.removeAllListeners("error");
      resolve(stream);
    });
    stream.once("error", (error: NodeJS.ErrnoException) => reject(unreachable(socket, error.code)));
  });
}

/** A socket in a directory that others can write could be anybody's: look before connecting. */
export function checkOwner(socket: string): void {
  try {
    checkPrivateDirectory(dirname(socket));
    const stat = lstatSync(socket);
    const uid = process.getuid?.();
    if (stat.isSocket() && (uid === undefined || stat.uid === uid)) return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw unreachable(socket, code);
    // Somebody else's directory, which not even shows what is in it.
    if (code !== "EACCES") throw error;
  }
  throw new HacsError(
    "directory-unsafe",
    `A daemon's socket is a socket of the user's own; ${quote(socket)} is not.`,
    "Look at who made it, and remove it.",
  );
}

function unreachable(socket: string, code: string | undefined): HacsError {
  return new HacsError(
    "daemon-unreachable",
    `No daemon answers on ${quote(socket)} (${code ?? "unknown"}).`,
    "Start one with: hacs-session daemon start",
  );
}

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** From where a person or script speaks, as far as the environment tells. */
export function origin(): string {
  const [address] = (process.env.SSH_CONNECTION ?? "").split(" ");
  const inside = process.env.HACS_SESSION;
  const parts = [
    address ? `ssh ${address}` : undefined,
    process.env.SSH_TTY ?? undefined,
    inside ? `session ${inside}` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(" ") : `pid ${process.pid}`;
}
