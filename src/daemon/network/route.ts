/** What a route is: one path and method, what it takes and gives, and what it does. */
import type { Exchange } from "./exchange.ts";

/** JSON Schema, as OpenAPI 3.1 has it. */
export type Schema = { [key: string]: unknown };

export interface Parameter {
  kind: "boolean" | "integer" | "string";
  about: string;
}

export interface Route {
  method: "GET" | "POST" | "DELETE";
  /** With names in braces: `/v1/sessions/{name}`. */
  path: string;
  /** What it does, in a line. */
  about: string;
  query?: Record<string, Parameter>;
  /** What is sent, when something is. */
  body?: Schema;
  /** The status and the shape of the answer when all is well. */
  status: 200 | 201 | 202;
  gives: Schema;
  /** For anybody: no token is asked for. */
  open?: true;
  /** The daemon's own page may ask, too, whose origin is on no list. */
  ownPage?: true;
  /** Gives the answer; undefined when it has answered itself, as a stream does. */
  run: (exchange: Exchange) => Answer | undefined | Promise<Answer | undefined>;
}

export interface Answer {
  /** As JSON; as it is when it is a text with a type of its own. */
  value: unknown;
  contentType?: string;
  headers?: Record<string, string>;
  status?: number;
}

export interface Target {
  pathname: string;
  searchParams: URLSearchParams;
}

/** What a request asks for, as it was sent: nothing is resolved that could lead elsewhere. */
export function targetOf(url = "/"): Target {
  const at = url.indexOf("?");
  if (at === -1) return { pathname: url, searchParams: new URLSearchParams() };
  return { pathname: url.slice(0, at), searchParams: new URLSearchParams(url.slice(at)) };
}

/** The values in braces when `path` is one of the route's; undefined when it is not. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    const value = given[i] ?? "";
    if (name === undefined ? value !== segment : value === "") return undefined;
    if (name !== undefined) values[name] = value;
  }
  return values;
}
