/** What a client may do, and with which sessions. */
import { quote } from "./address.ts";
import { HacsError } from "./errors.ts";

/** Each may do what those before it may. */
export const SCOPES = ["observe", "prompt", "approve", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Access {
  scope: Scope;
  /** The sessions there are for it, by name: a pattern as `checkPattern` has it. */
  sessions: string;
  /** The id of the token that it showed; null for who came over the user's own socket. */
  token: string | null;
}

/** What a token is to give. */
export interface Grant {
  scope: Scope;
  sessions: string;
  /** How long it counts; null for as long as it is not revoked. */
  expiresMs: number | null;
  /** The name that what is done with it goes by. */
  label: string | null;
}

/** A token as it is told once, to who had it made. */
export interface NewToken {
  id: string;
  token: string;
  scope: Scope;
  sessions: string;
  expiresAt: string | null;
}

/** A token as it is listed. */
export interface TokenInfo extends Omit<NewToken, "token"> {
  label: string | null;
  createdAt: string;
  /** When it was last shown, to the minute. */
  usedAt: string | null;
}

/** Who may open the user's own socket is the user. */
export const ownerAccess: Access = { scope: "admin", sessions: "*", token: null };

export function includes(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

/** Whether it is for all sessions, those that are still to come too. */
export function isForAll({ sessions }: Access): boolean {
  return sessions === "*";
}

export function sees({ sessions }: Pick<Access, "sessions">, name: string): boolean {
  return sessions === "*" || sessions.split(",").some((pattern) => matches(pattern, name));
}

const PATTERN_RULE = /^[A-Za-z0-9._*?/-]+(,[A-Za-z0-9._*?/-]+)*$/;
const patternLengthMax = 256;

/** Names separated by commas; in each `*` stands for any characters and `?` for one. */
export function checkPattern(pattern: string): string {
  if (pattern.length <= patternLengthMax && PATTERN_RULE.test(pattern)) return pattern;
  throw new HacsError(
    "invalid-usage",
    `A pattern of sessions is names with * and ?, separated by commas, up to ${patternLengthMax} characters; got ${quote(pattern)}.`,
    'Try "web" or "team-*,docs".',
  );
}

/** Goes back to the last star only, so the time is bounded by the two lengths' product. */
function matches(pattern: string, name: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let i = 0; i < name.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      resume = i;
    } else if (pattern[at] === "?" || pattern[at] === name[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
