/** Requests that become WebSockets: through the gate, and then each path's own protocol. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { HacsError } from "../../protocol/errors.ts";
import type { Identity } from "../client.ts";
import { requestBytesMax } from "../client-connection.ts";
import type { Daemon } from "../daemon.ts";
import { codexPaths, codexSession } from "./codex-session.ts";
import type { Gate, Visitor } from "./gate.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Lobby } from "./lobby.ts";
import { noteRefusal, problemOf } from "./problem.ts";
import { matchPath, type Target, targetOf } from "./route.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

/** What a page offers that shows its ticket as a second subprotocol, `ticket.TICKET`. */
export const subprotocol = "hacs-session.v1";

interface Parts {
  daemon: Daemon;
  gate: Gate;
  lobby: Lobby;
  heartbeat: Heartbeat;
}

/** A WebSocket that is open, and whose it is. */
interface Opened {
  link: WebSocket;
  socket: Socket;
  identity: Identity;
  parts: Parts;
}

/** A request that may become one. */
interface Asked {
  target: Target;
  identity: Identity;
  parts: Parts;
}

type Accept = (opened: Opened) => void;

/** What is spoken at each path; who is not to have it is refused before there is a WebSocket. */
const protocols: { path: string; prepare: (asked: Asked) => Accept }[] = [
  { path: "/v1/ws", prepare: () => speakOurs },
  ...codexPaths.map((path) => ({ path, prepare: speakCodex })),
];

export class Upgrades {
  readonly #parts: Parts;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compression costs each client 260 KiB, and is a way to send a lot in a little.
    perMessageDeflate: false,
    maxPayload: requestBytesMax,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  serve(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // It may break before the library or the wire look after it.
    socket.on("error", () => {});
    const parts = this.#parts;
    try {
      const { gate, lobby, daemon } = parts;
      const visitor = gate.visitor(request);
      const target = targetOf(request.url);
      const { pathname, searchParams } = target;
      const identity = this.#identify(request, searchParams, visitor);
      lobby.leave(socket);
      daemon.refuseUnlessServing();
      const protocol = protocols.find(({ path }) => matchPath(path, pathname) !== undefined);
      if (protocol === undefined) {
        throw new HacsError("path-unknown", "No WebSocket is served at this path.", "Try /v1/ws.");
      }
      const accept = protocol.prepare({ target, identity, parts });
      this.#server.handleUpgrade(request, socket, head, (link) =>
        accept({ link, socket, identity, parts }),
      );
    } catch (error) {
      if (!(error instanceof HacsError)) parts.daemon.onBug(error);
      noteRefusal(parts.daemon, request, error);
      refuse(socket, error);
    }
  }

  #identify(request: IncomingMessage, query: URLSearchParams, visitor: Visitor): Identity {
    const ticket = query.get("ticket") ?? offeredTicket(request);
    if (ticket === undefined) return this.#parts.gate.identify(request, visitor);
    return this.#parts.gate.identifyTicket(ticket, visitor);
  }
}

/** codex's own protocol, of one session. */
function speakCodex({ target, identity, parts }: Asked): Accept {
  const { daemon, heartbeat } = parts;
  const name = codexSession(target, identity.access);
  const session = daemon.sessions.findSeen(name, identity.access);
  return ({ link, socket }) =>
    heartbeat.watch(
      new WebSocketWire(link, socket),
      daemon.codexProxy.serve(link, session, identity),
    );
}

function speakOurs({ link, socket, identity, parts }: Opened): void {
  const wire = new WebSocketWire(link, socket);
  parts.heartbeat.watch(wire, parts.daemon.accept(wire, identity));
}

function offeredTicket({ headers }: IncomingMessage): string | undefined {
  return /(?:^|,)\s*ticket\.([\w-]+)\s*(?:,|$)/.exec(headers["sec-websocket-protocol"] ?? "")?.[1];
}

/** There is no response yet, so it is written by hand. */
function refuse(socket: Socket, error: unknown): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Refused"}`,
      "Connection: close",
      "Content-Type: application/problem+json",
      "Cache-Control: no-store",
      ...(problem.status === 401 ? ['WWW-Authenticate: Bearer realm="hacs-session"'] : []),
      `Content-Length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
  // What it still sends is not read, and it is not waited for.
  socket.destroySoon();
}
