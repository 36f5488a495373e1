import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode, HacsError } from "../../src/protocol/errors.ts";
import { root } from "../support/codex.ts";

const codes = Object.entries(ERRORS);
const page = join(root, "PROTOCOL.md");

test("every code is kebab-case, says what it is about, and has one of the documented exits", () => {
  for (const [code, { exit, about }] of codes) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(about).toMatch(/^\S.*[^.]$/);
    expect([1, 2, 3, 4, 5, 6, 7, 124]).toContain(exit);
    expect(new HacsError(code as ErrorCode, "m").exitCode).toBe(exit);
  }
});

describe("PROTOCOL.md and the registry say the same", () => {
  const rowsOf = (text: string) =>
    text.split("\n").filter((line) => /^\| `[a-z-]+` \| \d+ \|/.test(line));
  const expected = codes.map(([code, { exit, about }]) => `| \`${code}\` | ${exit} | ${about} |`);

  test("row by row", () => {
    expect(rowsOf(readFileSync(page, "utf8")).toSorted()).toEqual(expected.toSorted());
  });
});
