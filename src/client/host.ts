/**
 * What `-H` means: connections to a daemon on another machine. All that one process makes go over
 * one ssh, as channels of one link, so a person is asked for a password once.
 */
import { hostname } from "node:os";
import { isatty } from "node:tty";
import { HacsError } from "../protocol/errors.ts";
import type { DaemonChoice } from "../system/paths.ts";
import { pathsFor } from "../system/paths.ts";
import { readSettings } from "../system/settings.ts";
import { version } from "../system/version.ts";
import { Connection } from "./connection.ts";
import { type ClientKind, greet, late, origin, userName } from "./dial.ts";
import { Link } from "./link.ts";
import { connectOverSsh, type SshTarget } from "./ssh.ts";

export interface HostOptions {
  /** False where a program has the terminal, and ssh can't have it. */
  asks: boolean;
  /** Where ssh's own words go as they come. */
  onStderr?: (text: string) => void;
}

/** In a terminal ssh may ask, and what it says is the person's to read. */
export function besideTerminal(): HostOptions {
  return {
    asks: isatty(0) || isatty(2),
    onStderr: (text) => process.stderr.write(text),
  };
}

/** What is asked of a link here, whichever program made it. */
export type HeldLink = Pick<Link, "open" | "closed">;

const links = new Map<string, Promise<HeldLink>>();
const helloTimeoutMs = 30_000;

export async function dialHost(
  target: SshTarget,
  kind: ClientKind,
  options: HostOptions,
): Promise<Connection> {
  const link = await linkTo(target, options);
  const connection = new Connection(link.open());
  await greetHost(connection, kind);
  return connection;
}

/** The link that there is, for a program that this process loads and that has a list of its own. */
export async function heldLink(choice: DaemonChoice): Promise<HeldLink | undefined> {
  const target = targetOf(choice);
  return target === undefined
    ? undefined
    : links.get(JSON.stringify(target))?.catch(() => undefined);
}

/** Such a link is used like one of our own, for as long as it lasts. */
export function shareLink(choice: DaemonChoice, link: HeldLink): void {
  const target = targetOf(choice);
  if (target !== undefined) links.set(JSON.stringify(target), Promise.resolve(link));
}

async function linkTo(target: SshTarget, options: HostOptions): Promise<HeldLink> {
  const key = JSON.stringify(target);
  const known = links.get(key);
  if (known !== undefined && !(await known.catch(() => undefined))?.closed) return known;
  const made = makeLink(target, options);
  links.set(key, made);
  made.catch(() => links.delete(key));
  return made;
}

async function makeLink(target: SshTarget, options: HostOptions): Promise<Link> {
  const stream = await connectOverSsh({ target, command: remoteCommand(), ...options });
  const connection = new Connection(stream);
  await greetHost(connection, "link");
  try {
    await connection.call("peer/link", {});
  } catch (error) {
    connection.close();
    throw error instanceof HacsError && error.code === "method-unknown" ? tooOld(target) : error;
  }
  return new Link(connection.release(), { asked: true, onClose: () => {} });
}

async function greetHost(connection: Connection, kind: ClientKind): Promise<void> {
  const from = `${hostname()}, ${origin()}`;
  const client = { kind, version, user: userName(), from };
  await greet(connection, client, helloTimeoutMs).catch((error) => {
    throw error === late
      ? new HacsError("daemon-hung", "The daemon there does not answer.")
      : error;
  });
}

/** How hacs-session is called on other machines, whose shells may not have it on their PATH. */
export function remoteCommand(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.HACS_SESSION_REMOTE) return env.HACS_SESSION_REMOTE;
  return readSettings(pathsFor({}, env).configFile).settings.remoteCommand;
}

/** The choice as the other side understands it, where it names one. */
export function targetOf({ host, socket, label }: DaemonChoice): SshTarget | undefined {
  if (host === undefined) return undefined;
  return {
    host,
    ...(socket === undefined ? {} : { socket }),
    ...(label === undefined ? {} : { label }),
  };
}

function tooOld({ host }: SshTarget): HacsError {
  return new HacsError(
    "remote-missing",
    `The daemon on "${host}" is too old to be reached over ssh.`,
    "Update hacs-session there, then: hacs-session daemon restart",
  );
}
