/** The ways to another daemon: what its URL says, and the stream to it. */
import { homedir } from "node:os";
import type { Duplex } from "node:stream";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { checkOwner, connect } from "./dial.ts";
import { checkHost, connectOverSsh, type SshTarget } from "./ssh.ts";

export type PeerUrl =
  | { kind: "unix"; path: string }
  | { kind: "ssh"; target: SshTarget }
  | { kind: "websocket"; url: string };

/** Where a daemon's port speaks this protocol, when its URL says no more than the host. */
const websocketPath = "/v1/ws";

/** Throws `invalid-url`. Secrets in a URL would be in logs and histories, so they are refused. */
export function readUrl(text: string): PeerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || text.length > 1024) throw invalid(text, "it is no URL");
  if (url.password !== "") throw invalid(withoutPassword(url), "it holds a password");
  switch (url.protocol) {
    case "unix:": {
      const path = decodeURIComponent(url.pathname);
      if (url.host !== "" || !path.startsWith("/")) throw invalid(text, "its path is not absolute");
      return { kind: "unix", path };
    }
    case "ssh:":
      return { kind: "ssh", target: sshTarget(url, text) };
    case "ws:":
    case "wss:":
      if (url.username !== "") throw invalid(text, "it names a user, and a token says who one is");
      if (url.search !== "" || url.hash !== "") throw invalid(text, "it has more than a path");
      if (url.protocol === "ws:" && !isLoopback(url.hostname))
        throw invalid(text, "ws:// is for this machine only; what leaves it is wss://");
      if (url.pathname === "/" || url.pathname === "") url.pathname = websocketPath;
      return { kind: "websocket", url: url.href };
    default:
      throw invalid(text, `${quote(url.protocol)} is none of these`);
  }
}

function sshTarget({ hostname, port, username, pathname, searchParams }: URL, text: string) {
  if (hostname === "" || (pathname !== "" && pathname !== "/"))
    throw invalid(text, "it has no host, or a path");
  const login = username === "" ? hostname : `${decodeURIComponent(username)}@${hostname}`;
  const target: SshTarget = { host: checkHost(port === "" ? login : `ssh://${login}:${port}`) };
  for (const [name, value] of searchParams) {
    if (name !== "socket" && name !== "label") throw invalid(text, `it has no ${quote(name)}`);
    target[name] = value;
  }
  return target;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

export interface TransportOptions {
  /** Read anew each time; undefined when there is none. */
  token: string | undefined;
  /** PEM: who vouches for a server of `wss://`, in place of those that Node knows. */
  ca: string | undefined;
  /** How hacs-session is called on a machine that ssh leads to. */
  remoteCommand: string | undefined;
  timeoutMs: number;
}

export async function openTransport(url: PeerUrl, options: TransportOptions): Promise<Duplex> {
  const { token, ca, remoteCommand, timeoutMs } = options;
  switch (url.kind) {
    case "unix":
      checkOwner(url.path);
      return connect(url.path);
    case "ssh":
      return connectOverSsh({ target: url.target, command: remoteCommand, asks: false, timeoutMs });
    case "websocket": {
      const { connectWebSocket } = await import("./websocket-stream.ts");
      return connectWebSocket(url.url, { token, ca, timeoutMs });
    }
  }
}

function invalid(text: string, why: string): HacsError {
  return new HacsError(
    "invalid-url",
    `A peer's URL is wss://HOST, ssh://USER@HOST, unix:///SOCKET, or ws:// on this machine; ${quote(text)} is none: ${why}.`,
    `A token goes into a file: --token-file ${quote(`${homedir()}/.config/…`)}`,
  );
}

function withoutPassword(url: URL): string {
  url.password = "…";
  return url.href;
}
