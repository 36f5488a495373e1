import { describe, expect, test } from "vitest";
import { checkPattern, includes, SCOPES, sees } from "../../src/protocol/access.ts";
import fc from "../support/property.ts";

const access = (sessions: string) => ({ scope: "admin" as const, sessions, token: null });

test("each scope includes those before it, and itself", () => {
  SCOPES.forEach((scope, i) => {
    expect(SCOPES.filter((needed) => includes(scope, needed))).toEqual(SCOPES.slice(0, i + 1));
  });
});

describe("a pattern", () => {
  test.each<[string, string, boolean]>([
    ["*", "anything", true],
    ["*", "peer/bot", true],
    ["web", "web", true],
    ["web", "web2", false],
    ["web", "aweb", false],
    ["web", "Web", false],
    ["w*", "w", true],
    ["w*", "web", true],
    ["*b", "web", true],
    ["*b", "webs", false],
    ["w?b", "web", true],
    ["w?b", "wb", false],
    ["team-*,docs", "docs", true],
    ["team-*,docs", "team-a", true],
    ["team-*,docs", "team", false],
    ["peer/*", "peer/a/b", true],
    ["peer/*", "peer", false],
    ["*a*b*", "xaybz", true],
    ["*a*b*", "xbya", false],
    // A dot is a dot.
    ["a.b", "aXb", false],
  ])("%j and %j: %s", (pattern, name, expected) => {
    expect(sees(access(pattern), name)).toBe(expected);
  });

  test("is matched as the regular expression that it stands for", () => {
    const characters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 12 });
    const names = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
    fc.assert(
      fc.property(characters, names, (pattern, name) => {
        const regex = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(sees(access(pattern), name)).toBe(regex.test(name));
      }),
    );
  });

  test("that is made to be slow is not", () => {
    const pattern = `${"*a".repeat(100)}*b`;
    expect(sees(access(pattern), "a".repeat(400))).toBe(false);
  });

  test.each(["", ",", "a,", "a b", "a\nb", "a[b]", "ü", "a".repeat(257)])(
    "%j is none",
    (pattern) => {
      expect(() => checkPattern(pattern)).toThrow("A pattern of sessions");
    },
  );
});
