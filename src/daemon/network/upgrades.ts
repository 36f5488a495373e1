/** Requests that become WebSockets: through the gate, and then each path's own protocol. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { HacsError } from "../../protocol/errors.ts";
import type { Identity } from "../client.ts";
import { requestBytesMax } from "../client-connection.ts";
import type { Daemon } from "../daemon.ts";
import type { Gate, Visitor } from "./gate.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Lobby } from "./lobby.ts";
import { problemOf } from "./problem.ts";
import { targetOf } from "./route.ts";
import { WebSocketWire } from "./web-socket-wire.ts";

/** What a page offers that shows its ticket as a second subprotocol, `ticket.TICKET`. */
export const subprotocol = "hacs-session.v1";

interface Parts {
  daemon: Daemon;
  gate: Gate;
  lobby: Lobby;
  heartbeat: Heartbeat;
}

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
    try {
      const { gate, lobby, daemon } = this.#parts;
      const visitor = gate.visitor(request);
      const { pathname, searchParams } = targetOf(request.url);
      const identity = this.#identify(request, searchParams, visitor);
      lobby.leave(socket);
      daemon.refuseUnlessServing();
      if (pathname !== "/v1/ws") {
        throw new HacsError("path-unknown", "No WebSocket is served at this path.", "Try /v1/ws.");
      }
      this.#server.handleUpgrade(request, socket, head, (link) =>
        this.#accept(link, socket, identity),
      );
    } catch (error) {
      if (!(error instanceof HacsError)) this.#parts.daemon.onBug(error);
      refuse(socket, error);
    }
  }

  #accept(link: WebSocket, socket: Socket, identity: Identity): void {
    const { daemon, heartbeat } = this.#parts;
    const wire = new WebSocketWire(link, socket);
    heartbeat.watch(wire, daemon.accept(wire, identity));
  }

  #identify(request: IncomingMessage, query: URLSearchParams, visitor: Visitor): Identity {
    const ticket = query.get("ticket") ?? offeredTicket(request);
    if (ticket === undefined) return this.#parts.gate.identify(request, visitor);
    return this.#parts.gate.identifyTicket(ticket, visitor);
  }
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
