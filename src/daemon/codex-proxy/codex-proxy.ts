/**
 * codex's own protocol, served per session: on a unix socket that is there as long as the session
 * is, awake or asleep, and on whatever accepted WebSocket `serve` is handed.
 */
import { existsSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import http from "node:http";
import type { Server, Socket } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { sees } from "../../protocol/access.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { openFilesMax } from "../../system/open-files.ts";
import { otherUser } from "../../system/unix-user.ts";
import { userDirectory, usersDirectory } from "../../system/user-directory.ts";
import { type Identity, owner } from "../client.ts";
import { listen } from "../listener.ts";
import type { Services } from "../services.ts";
import type { Session } from "../session/session.ts";
import { noSuchSession } from "../sessions.ts";
import { CodexClient, type Surroundings } from "./codex-client.ts";

/** Each has a connection to the agent. */
const clientsMax = 100;
/** As long as our own requests may be. */
const frameBytesMax = 8 * 1024 * 1024;
const headerBytesMax = 16 * 1024;
const stallMsDefault = 60_000;
/** How long a connection may take to ask for a WebSocket. */
const upgradeTimeoutMs = 5_000;

/** How a WebSocket for `serve` is accepted. */
export const codexWebSocketOptions = {
  noServer: true,
  perMessageDeflate: false,
  maxPayload: frameBytesMax,
} as const;

const userSocketSuffix = ".codex.sock";

export function codexSocket(codexDir: string, id: string): string {
  return join(codexDir, `${id}.sock`);
}

/** Beside the socket of the agent, whose directory has but one user. */
function codexSocketOfUser(directory: string, id: string): string {
  return join(directory, `${id}${userSocketSuffix}`);
}

export class CodexProxy {
  readonly #services: Services;
  readonly #clients = new Map<Session, Set<CodexClient>>();
  readonly #listeners = new Map<Session, Server>();
  /** Which session's socket a connection came to. */
  readonly #sessions = new WeakMap<Duplex, Session>();
  readonly #webSockets = new WebSocketServer(codexWebSocketOptions);
  readonly #http: http.Server;
  readonly #listenersMax = Math.floor(openFilesMax() / 2);
  readonly #surroundings: Surroundings;
  #closed = false;

  constructor(services: Services, { stallMs = stallMsDefault }: { stallMs?: number } = {}) {
    this.#services = services;
    const { log, messageRate } = services;
    this.#surroundings = { log, messageRate, user: userInfo().username, stallMs };
    this.#http = http.createServer({ maxHeaderSize: headerBytesMax }, (_request, response) => {
      response.writeHead(426, { upgrade: "websocket" }).end("This speaks WebSocket, at /rpc.\n");
    });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // A client that speaks no HTTP is no error of ours.
    this.#http.on("clientError", (_error, socket) => socket.destroy());
  }

  get count(): number {
    let count = 0;
    for (const clients of this.#clients.values()) count += clients.size;
    return count;
  }

  /** What a daemon that was killed left behind goes; every live session gets its socket. */
  async start(sessions: Session[]): Promise<void> {
    const { codexDir } = this.#services.paths;
    const known = new Set(sessions.map(({ id }) => codexSocket(codexDir, id)));
    for (const entry of readdirSync(codexDir, { withFileTypes: true })) {
      const path = join(codexDir, entry.name);
      if (!known.has(path) && !entry.isDirectory()) rmSync(path, { force: true });
    }
    this.#sweepUsers(new Set(sessions.map(({ id }) => id)));
    for (const session of sessions) await this.listen(session);
  }

  /** Directories of other users: to remove a name follows no link, whoever made it. */
  #sweepUsers(ids: Set<string>): void {
    const users = usersDirectory(this.#services.paths);
    for (const user of namesIn(users)) {
      for (const name of namesIn(join(users, user)).filter((one) => one.endsWith(userSocketSuffix)))
        if (!ids.has(name.slice(0, -userSocketSuffix.length))) removeName(join(users, user, name));
    }
  }

  /** Somebody removed sockets: those sessions get theirs again. */
  async listenAgain(): Promise<void> {
    for (const [session, server] of [...this.#listeners]) {
      if (session.codexSocket === null || existsSync(session.codexSocket)) continue;
      server.close();
      await this.listen(session);
    }
  }

  /** A session whose socket can't be had is served all the same, by its other ways. */
  async listen(session: Session): Promise<void> {
    const { paths } = this.#services;
    session.onEnd = () => this.#forget(session);
    session.onStay = () => void this.listen(session);
    try {
      this.#checkRoom();
      const user = otherUser(session.row.spec.user);
      const path =
        user === undefined
          ? codexSocket(paths.codexDir, session.id)
          : codexSocketOfUser(userDirectory(paths, user.name), session.id);
      const server = await listen(path, (socket) => this.#accept(socket, session), user);
      server.on("error", (error) => this.#log("a codex socket failed", session, error));
      if (this.#closed || session.ended) return void server.close();
      this.#listeners.set(session, server);
      session.codexSocket = path;
    } catch (error) {
      this.#log("a codex socket could not be made", session, error);
    }
  }

  /**
   * Serves codex's protocol for a session on an accepted WebSocket. The session must be live and
   * one that the identity sees; whoever hands it over may close it at any time.
   */
  serve(ws: WebSocket, session: Session, identity: Identity): CodexClient {
    const clients = this.#clients.get(session) ?? new Set();
    const client = new CodexClient(ws, session, identity, this.#surroundings);
    if (this.#closed || clients.size >= clientsMax) {
      if (this.#closed) client.close(1012, "the daemon is shutting down");
      else client.close(1013, `a session has at most ${clientsMax} clients of codex's protocol`);
      return client;
    }
    this.#clients.set(session, clients.add(client));
    client.onClose = () => {
      clients.delete(client);
      if (clients.size === 0) this.#clients.delete(session);
    };
    void client.begin();
    return client;
  }

  /** The token is no more; gives how many connections had come with it. */
  cut(token: string, why: HacsError): number {
    const all = [...this.#clients.values()].flatMap((clients) => [...clients]);
    const theirs = all.filter(({ identity }) => identity.access.token === token);
    for (const client of theirs) client.fail(why);
    return theirs.length;
  }

  /** Clients for whom a session does not exist under its new name have nothing to do with it. */
  partFromUnseen(session: Session): void {
    for (const client of this.#clients.get(session) ?? []) {
      if (!sees(client.identity.access, session.name)) client.fail(noSuchSession(session.id));
    }
  }

  /** The daemon goes. Clients connect again when there is the next one. */
  close(): void {
    this.#closed = true;
    for (const server of this.#listeners.values()) server.close();
    this.#listeners.clear();
    for (const session of [...this.#clients.keys()])
      this.#part(session, 1012, "the daemon is shutting down");
  }

  /** Clients and agents need descriptors more than sessions that sleep. */
  #checkRoom(): void {
    if (this.#listeners.size < this.#listenersMax) return;
    throw new HacsError(
      "state-unwritable",
      `At most ${this.#listenersMax} sessions have a socket for codex's protocol, half of what may be open here.`,
      "Raise the limit of open files (ulimit -Hn), or remove sessions.",
    );
  }

  #forget(session: Session): void {
    this.#listeners.get(session)?.close();
    this.#listeners.delete(session);
    session.codexSocket = null;
    this.#part(session, 1001, "the session was killed");
  }

  #part(session: Session, code: number, reason: string): void {
    for (const client of [...(this.#clients.get(session) ?? [])]) client.close(code, reason);
  }

  #accept(socket: Socket, session: Session): void {
    this.#sessions.set(socket, session);
    socket.setTimeout(upgradeTimeoutMs, () => socket.destroy());
    this.#http.emit("connection", socket);
  }

  #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    const session = this.#sessions.get(socket);
    const [pathname] = (request.url ?? "").split("?");
    const wrong =
      session === undefined || (pathname !== "/rpc" && pathname !== "/")
        ? "404 Not Found"
        : // No browser opens a unix socket, so whoever says where a page came from is mistaken.
          request.headers.origin !== undefined
          ? "403 Forbidden"
          : undefined;
    if (wrong !== undefined || session === undefined)
      return void socket.end(`HTTP/1.1 ${wrong}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    (socket as Socket).setTimeout(0);
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      this.serve(ws, session, owner);
    });
  }

  #log(message: string, session: Session, error: unknown): void {
    const next = error instanceof HacsError ? error.next : undefined;
    this.#services.log.warn({ session: session.name, error: messageOf(error), next }, message);
  }
}

function removeName(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // A directory, say: it is that user's own doing, and in nobody's way.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
