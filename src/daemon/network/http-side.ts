/** Requests over HTTP: through the gate, to their route, and the answer back. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HacsError } from "../../protocol/errors.ts";
import type { Daemon } from "../daemon.ts";
import { answer, commonHeaders, Exchange, readQuery, refuse } from "./exchange.ts";
import type { Gate, Visitor } from "./gate.ts";
import { HttpClient } from "./http-client.ts";
import type { Lobby } from "./lobby.ts";
import { noteRefusal } from "./problem.ts";
import { Rate } from "./rate.ts";
import { type Answer, matchPath, type Route, targetOf } from "./route.ts";
import { routes } from "./routes.ts";
import type { Tickets } from "./tickets.ts";

/** Of what anybody may try to get in with. */
const pairingsAMinute = 5;
const preflightSeconds = "600";

export interface Parts {
  daemon: Daemon;
  gate: Gate;
  lobby: Lobby;
  tickets: Tickets;
}

export class HttpSide {
  readonly #parts: Parts;
  readonly #pairings = new Rate(pairingsAMinute);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    // Who goes in the middle of an answer is not heard any more.
    response.on("error", () => {});
    this.#serve(request, response).catch((error) => {
      this.#parts.daemon.onBug(error);
      response.destroy();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let visitor: Visitor | undefined;
    try {
      const { pathname } = targetOf(request.url);
      const open = routes.find((route) => route.open && isFor(route, request, pathname));
      visitor = this.#parts.gate.visitor(request, open?.ownPage);
      if (request.method === "OPTIONS") return preflight(response, visitor);
      await this.#answer(request, response, visitor, open);
    } catch (error) {
      const told = lostBody(request, error) ?? error;
      if (!(told instanceof HacsError)) this.#parts.daemon.onBug(told);
      noteRefusal(this.#parts.daemon, request, told);
      refuse(response, told, visitor?.origin, allowed(told));
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    visitor: Visitor,
    open: Route | undefined,
  ): Promise<void> {
    const { daemon, gate, lobby, tickets } = this.#parts;
    const { pathname, searchParams } = targetOf(request.url);
    // Who has no token does not learn what there is.
    const identity = open ? undefined : gate.identify(request, visitor);
    if (identity !== undefined) lobby.leave(request.socket);
    if (open?.path === "/v1/pair") this.#pairings.count(visitor.address);
    const { route, path } = open ? { route: open, path: {} } : find(request, pathname);
    const query = readQuery(route, searchParams);
    const client = identity && new HttpClient(identity, response, daemon.onBug);
    const exchange = new Exchange({
      daemon,
      request,
      response,
      visitor,
      path,
      query,
      client,
      tickets,
    });
    const given = await ran(route, exchange);
    if (given === undefined) return;
    const type = given.contentType === undefined ? {} : { "content-type": given.contentType };
    const headers = { ...commonHeaders(visitor.origin), ...given.headers, ...type };
    answer(response, given.status ?? route.status, given.value, headers);
  }
}

async function ran(route: Route, exchange: Exchange): Promise<Answer | undefined> {
  try {
    return await route.run(exchange);
  } finally {
    exchange.client?.answered();
  }
}

function isFor(route: Route, { method }: IncomingMessage, path: string): boolean {
  const asked = method === "HEAD" ? "GET" : method;
  return route.method === asked && matchPath(route.path, path) !== undefined;
}

function find(
  request: IncomingMessage,
  pathname: string,
): { route: Route; path: Record<string, string> } {
  const here = routes.filter((route) => matchPath(route.path, pathname) !== undefined);
  const route = here.find((one) => isFor(one, request, pathname));
  if (route !== undefined) return { route, path: decoded(matchPath(route.path, pathname) ?? {}) };
  const allow = here.map(({ method }) => method).join(", ");
  throw new HacsError(
    "path-unknown",
    here.length > 0 ? `This path takes ${allow}.` : "Nothing is served at this path.",
    "GET /v1/openapi.json describes every path.",
    here.length > 0 ? { status: 405, allow } : {},
  );
}

function allowed(error: unknown): Record<string, string> {
  const allow = error instanceof HacsError ? error.details.allow : undefined;
  return typeof allow === "string" ? { allow } : {};
}

/** A slash in a name is encoded, since it would begin another segment. */
function decoded(path: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(
      Object.entries(path).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
  } catch {
    throw new HacsError("request-invalid", "A path's escapes are those of UTF-8.");
  }
}

function lostBody({ complete }: IncomingMessage, error: unknown): HacsError | undefined {
  const { code } = error as { code?: string };
  if (complete || code !== "ECONNRESET") return undefined;
  return new HacsError("request-invalid", "The request ended before its body did.");
}

/** A browser asks this before a page may send what a plain form could not. */
function preflight(response: ServerResponse, { origin }: Visitor): void {
  response.writeHead(204, {
    ...commonHeaders(origin),
    ...(origin === undefined
      ? {}
      : {
          "access-control-allow-methods": "GET, POST, DELETE",
          "access-control-allow-headers": "Authorization, Content-Type, Last-Event-ID",
          "access-control-max-age": preflightSeconds,
        }),
  });
  response.end();
}
