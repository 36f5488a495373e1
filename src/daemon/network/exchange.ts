/** One HTTP request and what is answered to it: read, checked and put into words here. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import type { Method, Params, Result } from "../../protocol/methods.ts";
import { requestBytesMax } from "../client-connection.ts";
import type { Daemon } from "../daemon.ts";
import { refuseIntricate } from "../nesting.ts";
import type { Visitor } from "./gate.ts";
import type { HttpClient } from "./http-client.ts";
import { problemOf, retryAfterS } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Tickets } from "./tickets.ts";

/** What may be sent by who has not shown a token. */
const strangersBytesMax = 4 * 1024;

export class Exchange {
  readonly daemon: Daemon;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly visitor: Visitor;
  /** What stands in the path where the route has a name in braces. */
  readonly path: Record<string, string>;
  readonly query: Record<string, string | number | boolean>;
  /** Undefined for what needs no token. */
  readonly client: HttpClient | undefined;

  readonly tickets: Tickets;

  constructor(parts: Omit<Exchange, "call" | "body">) {
    this.daemon = parts.daemon;
    this.request = parts.request;
    this.response = parts.response;
    this.visitor = parts.visitor;
    this.path = parts.path;
    this.query = parts.query;
    this.client = parts.client;
    this.tickets = parts.tickets;
  }

  /** A call of the wire's, by the same way and under the same rules as all of them. */
  readonly call = async <M extends Method>(method: M, params: Params<M>): Promise<Result<M>> => {
    if (this.client === undefined) throw new Error(`${method} was called without a token`);
    const given = Object.fromEntries(
      Object.entries(params).filter(([, value]) => value !== undefined),
    );
    return (await this.daemon.dispatch(this.client, method, given as JsonObject)) as Result<M>;
  };

  /** The JSON object that was sent; an empty one when nothing was. */
  readonly body = async (): Promise<JsonObject> => {
    const bytes = await read(
      this.request,
      this.client === undefined ? strangersBytesMax : requestBytesMax,
    );
    if (bytes.length === 0) return {};
    // A form of any web page could send the others without asking first.
    const type = this.request.headers["content-type"] ?? "";
    if (!/^application\/json *(;|$)/i.test(type)) {
      throw new HacsError(
        "request-invalid",
        "A body is application/json.",
        "Send the header Content-Type: application/json.",
        { status: 415 },
      );
    }
    const text = bytes.toString("utf8");
    refuseIntricate(text);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new HacsError("request-invalid", "A body is one JSON object; this is not JSON.");
    }
    if (isObject(value)) return value;
    throw new HacsError("request-invalid", "A body is one JSON object; this is another value.");
  };
}

async function read(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // It is answered even when it is not read to its end.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    bytes += part.length;
    if (bytes > bytesMax) {
      throw new HacsError("frame-too-large", `A body has at most ${bytesMax} bytes.`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** What every answer says: who may read it, and that nobody keeps it. */
export function commonHeaders(origin: string | undefined): Record<string, string> {
  return {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    vary: "Origin",
    ...(origin === undefined
      ? {}
      : { "access-control-allow-origin": origin, "access-control-expose-headers": "Location" }),
  };
}

export function answer(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string>,
): void {
  const ownType = headers["content-type"]?.startsWith("text/") ?? false;
  const bytes = Buffer.from(ownType ? String(value) : JSON.stringify(value));
  response.writeHead(status, {
    "content-type": "application/json",
    ...headers,
    "content-length": bytes.length,
  });
  response.end(bytes);
}

export function refuse(
  response: ServerResponse,
  error: unknown,
  origin: string | undefined,
  more: Record<string, string> = {},
): void {
  if (response.headersSent) return void response.destroy();
  const problem = problemOf(error);
  answer(response, problem.status, problem, {
    ...commonHeaders(origin),
    "content-type": "application/problem+json",
    ...(problem.status === 401 ? { "www-authenticate": 'Bearer realm="hacs-session"' } : {}),
    ...(problem.status === 429 ? { "retry-after": String(retryAfterS(problem)) } : {}),
    // What is left of a body that was not read is not to be taken for the next request.
    ...(response.req.complete ? {} : { connection: "close" }),
    ...more,
  });
}

/** The query as the route has it; anything else in it is a mistake. */
export function readQuery(route: Route, given: URLSearchParams): Exchange["query"] {
  const query: Exchange["query"] = {};
  for (const [name, value] of given) {
    const kind = route.query?.[name]?.kind;
    const isRight =
      kind === "boolean"
        ? /^(true|false)$/.test(value)
        : kind === "integer"
          ? /^\d{1,15}$/.test(value)
          : kind === "string";
    if (kind === undefined || !isRight || name in query) {
      const known = Object.keys(route.query ?? {}).join(", ") || "none";
      throw new HacsError(
        "request-invalid",
        kind === undefined || name in query
          ? `The parameters of this path are, each once: ${known}.`
          : `The parameter ${name} is a ${kind}.`,
        "GET /v1/openapi.json describes every path.",
      );
    }
    query[name] =
      kind === "boolean" ? value === "true" : kind === "integer" ? Number(value) : value;
  }
  return query;
}
