/**
 * Whether a client may make a call. What its pattern does not match does not exist for it, which
 * is said in the same words as of a session that nobody has.
 */
import { type Access, includes, isForAll, type Scope, sees } from "../protocol/access.ts";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Method, Params } from "../protocol/methods.ts";
import { forAllSessions, leastScope, scopeOf } from "./methods/scopes.ts";
import { noSuchSession } from "./sessions.ts";

/** Before the params are looked at: who may not call it at all learns nothing of their shape. */
export function permitMethod(access: Access, method: Method): void {
  permitScope(access, method, leastScope(method));
  if (isForAll(access) || !forAllSessions.has(method)) return;
  throw new HacsError(
    "not-allowed",
    `${method} is about the whole daemon; this token is for the sessions ${quote(access.sessions)}.`,
    "Use a token for all sessions.",
  );
}

export function permitCall<M extends Method>(
  access: Access,
  method: M,
  params: Params<M>,
  nameOf: (name: string) => string | undefined,
): void {
  permitScope(access, method, scopeOf(method, params));
  if (isForAll(access)) return;
  const { name, to } = params as { name?: string; to?: string };
  if (method === "session/new") permitName(access, name);
  else if (name !== undefined) permitSession(access, name, nameOf);
  if (to !== undefined) permitName(access, beside(name ?? "", to));
}

function permitScope({ scope }: Access, method: Method, needed: Scope): void {
  if (includes(scope, needed)) return;
  throw new HacsError(
    "not-allowed",
    `${method} needs the scope ${needed}; this token has ${scope}.`,
    `Ask for a token made with: hacs-session token new --scope ${needed}`,
  );
}

function permitSession(
  access: Access,
  name: string,
  nameOf: (name: string) => string | undefined,
): void {
  const found = nameOf(name);
  if (found === undefined || !sees(access, found)) throw noSuchSession(name);
}

/** A session stays with its peer, so a new name is one there. */
function beside(name: string, to: string): string {
  return to.includes("/") ? to : name.slice(0, name.lastIndexOf("/") + 1) + to;
}

/** The name that a session is to get. */
function permitName(access: Access, name: string | undefined): void {
  if (name !== undefined && sees(access, name)) return;
  throw new HacsError(
    "not-allowed",
    `This token is for sessions named ${quote(access.sessions)}; got ${name === undefined ? "none" : quote(name)}.`,
    "Give a name that fits.",
  );
}
