/**
 * The daemon's port: HTTP and WebSocket on the same addresses. Nothing comes to the dispatcher from
 * here that the gate has not let through.
 */
import { readFileSync } from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { Daemon } from "../daemon.ts";
import { Gate } from "./gate.ts";
import { Heartbeat } from "./heartbeat.ts";
import { HttpSide } from "./http-side.ts";
import {
  addressList,
  isLoopback,
  type ListenAddress,
  listenAddresses,
  type PortOptions,
} from "./listen-rules.ts";
import { Lobby, patienceMs } from "./lobby.ts";
import type { OpenPort } from "./open-port.ts";
import { Tickets } from "./tickets.ts";
import { Upgrades } from "./upgrades.ts";

/** A request with its body: a message over a slow link. */
const requestTimeoutMs = 60_000;
const idleTimeoutMs = 5_000;

/** Throws `listen-unsafe`, `listen-failed` or `invalid-usage`; then nothing listens. */
export async function openPort(options: PortOptions, daemon: Daemon): Promise<OpenPort> {
  const addresses = listenAddresses(options);
  const tls = readTls(options);
  const tickets = new Tickets();
  const gate = new Gate(options, daemon.tokens, tickets);
  const lobby = new Lobby((address) => gate.isProxy(address));
  const heartbeat = new Heartbeat();
  const side = new HttpSide({ daemon, gate, lobby, tickets });
  const upgrades = new Upgrades({ daemon, gate, lobby, heartbeat });
  const servers: http.Server[] = [];
  const urls: string[] = [];
  const close = () => {
    heartbeat.close();
    lobby.close();
    for (const server of servers) server.close();
  };
  try {
    for (const address of addresses) {
      const server = serverFor(tls, (request, response) => side.serve(request, response));
      server.on("connection", (socket: Socket) => {
        // A connection that breaks is the other side's business.
        socket.on("error", () => {});
        if (gate.letsConnect(socket)) lobby.enter(socket);
        else socket.destroy();
      });
      server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) =>
        upgrades.serve(request, socket, head),
      );
      servers.push(server);
      urls.push(await listen(server, address, tls !== undefined));
    }
  } catch (error) {
    close();
    throw error;
  }
  const named = options.allowedHosts.map((host) => `https://${host}`);
  const publicUrls = options.behindProxy.length > 0 ? [...named, ...urls] : urls;
  return { urls, publicUrls, renew: () => renew(options, servers), close };
}

/** Throws what `openPort` would throw, but for the ports that the daemon before it holds. */
export async function tryPort(options: PortOptions, held: readonly number[]): Promise<void> {
  const tls = readTls(options);
  addressList(options.behindProxy);
  for (const address of listenAddresses(options)) {
    const server = serverFor(tls, () => {});
    if (held.includes(address.port)) continue;
    await listen(server, address, tls !== undefined);
    server.close();
  }
}

/** All or none: the connections that there are keep what they have. */
function renew(options: PortOptions, servers: readonly http.Server[]): boolean {
  const tls = readTls(options);
  if (tls === undefined) return false;
  // One that can't be used is found out before any server has it.
  serverFor(tls, () => {});
  for (const server of servers) (server as https.Server).setSecureContext(tls);
  return true;
}

interface Tls {
  cert: Buffer;
  key: Buffer;
}

function serverFor(
  tls: Tls | undefined,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): http.Server {
  const options = {
    headersTimeout: patienceMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
    // A client that offers HTTP/2 as well, as curl does, is answered in HTTP/1.1.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) =>
      headers.upgrade?.toLowerCase() === "websocket",
  };
  try {
    return tls === undefined
      ? http.createServer(options, onRequest)
      : https.createServer({ ...options, ...tls, handshakeTimeout: patienceMs }, onRequest);
  } catch (error) {
    throw unusable(error);
  }
}

async function listen(
  server: http.Server,
  { host, port }: ListenAddress,
  tls: boolean,
): Promise<string> {
  const shown = host.includes(":") ? `[${host}]` : host;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: 1024 }, resolve);
    });
  } catch (error) {
    throw new HacsError(
      "listen-failed",
      `${quote(`${shown}:${port}`)} can't be listened on: ${messageOf(error)}.`,
      "Choose another address or port, or end what has it.",
    );
  }
  server.removeAllListeners("error");
  server.on("error", () => {});
  const bound = server.address() as AddressInfo;
  if (isLoopback(host) && !isLoopback(bound.address)) {
    server.close();
    throw new HacsError(
      "listen-unsafe",
      `${quote(host)} is not loopback on this machine, but ${bound.address}.`,
      "Name the address itself: 127.0.0.1",
    );
  }
  return `${tls ? "https" : "http"}://${shown}:${bound.port}`;
}

function readTls({ tlsCert, tlsKey }: PortOptions): Tls | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  try {
    return { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) };
  } catch (error) {
    throw unusable(error);
  }
}

function unusable(error: unknown): HacsError {
  return new HacsError(
    "listen-failed",
    `The certificate and its key can't be used: ${messageOf(error)}.`,
    "Give PEM files that this user can read, the certificate with its chain.",
  );
}
