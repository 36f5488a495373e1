/**
 * Patterns, ready to be searched for. The built-in ones are one expression of the platform's,
 * whose time they are written to keep linear; each of a user's own is RE2's, which is linear
 * whatever is asked of it.
 */
import { RE2JS } from "re2js";
import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { Automaton, type Prog } from "./automaton.ts";

/** A pattern found in a text, and which part of it is the secret. */
export interface Found {
  start: number;
  end: number;
  secretStart: number;
  secretEnd: number;
  name: string;
}

export interface Search {
  /** From a place on, in order, none inside another. */
  find(text: string, from?: number): Iterable<Found>;
  /** The way through, for a text that comes in pieces; made when the first one comes. */
  readonly automaton: Automaton;
}

/** What stands in a secret's place. */
export function mark(name: string): string {
  return `[redacted: ${name}]`;
}

export function bySecret(a: Found, b: Found): number {
  return a.secretStart - b.secretStart;
}

/** Each has one group, so the groups are numbered as the patterns are. */
export function searchOfBuiltIn(patterns: [name: string, source: string][]): Search {
  const source = patterns.map(([, pattern]) => `(?:${pattern})`).join("|");
  const expression = new RegExp(source, "dg");
  let automaton: Automaton | undefined;
  return {
    get automaton() {
      const groups = new Set(patterns.map((_, place) => place + 1));
      automaton ??= automatonOf(RE2JS.compile(source), groups);
      return automaton;
    },
    *find(text, from = 0) {
      for (let at = from; ; ) {
        expression.lastIndex = at;
        const match = expression.exec(text);
        if (match === null) return;
        const group = match.findIndex((part, place) => place > 0 && part !== undefined);
        const { index: start } = match;
        const [secretStart, secretEnd] = match.indices?.[group] ?? [start, start];
        const name = patterns[group - 1]?.[0] ?? "";
        at = start + match[0].length;
        yield { start, end: at, secretStart, secretEnd, name };
      }
    },
  };
}

/** Throws `config-invalid`. */
export function searchOfOwn(name: string, source: string): Search {
  const pattern = compile(name, source);
  const group = pattern.groupCount() > 0 ? 1 : 0;
  let automaton: Automaton | undefined;
  return {
    get automaton() {
      automaton ??= automatonOf(pattern, new Set([group]));
      return automaton;
    },
    *find(text, from = 0) {
      const matcher = pattern.matcher(text);
      for (let more = matcher.find(from); more; more = matcher.find()) {
        const [start, end] = [matcher.start(), matcher.end()];
        const took = matcher.start(group) >= 0;
        const secretStart = took ? matcher.start(group) : start;
        const secretEnd = took ? matcher.end(group) : end;
        // What matches nothing hides nothing.
        if (secretEnd > secretStart) yield { start, end, secretStart, secretEnd, name };
      }
    },
  };
}

function compile(name: string, source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new HacsError(
      "config-invalid",
      `The config's redact pattern ${quote(name)} is none of RE2's: ${messageOf(error)}.`,
      "RE2 has no backreferences and no lookaround; its syntax: https://github.com/google/re2/wiki/Syntax",
    );
  }
}

/** Without a group, 0, all of it is the secret. */
function automatonOf(pattern: RE2JS, secretGroups: ReadonlySet<number>): Automaton {
  return new Automaton(pattern.re2Input.prog as Prog, secretGroups);
}
