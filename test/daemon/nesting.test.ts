import fc from "fast-check";
import { expect, test } from "vitest";
import { nestsDeeper } from "../../src/daemon/nesting.ts";

test.each<[string, number, boolean]>([
  ["", 0, false],
  ["1", 0, false],
  ["[]", 0, true],
  ["[]", 1, false],
  ['{"a":[1]}', 1, true],
  ['{"a":[1]}', 2, false],
  ["[],[],[]", 1, false],
  ['"[[[["', 0, false],
  ['["\\"[[[["]', 1, false],
  ['["\\\\",[]]', 1, true],
  ['["\\\\\\"[["]', 1, false],
  ['["open [[[', 1, false],
])("%j deeper than %i: %s", (frame, max, expected) => {
  expect(nestsDeeper(frame, max)).toBe(expected);
});

test("it agrees with the value that the text stands for", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: false }), fc.nat(6), (value, max) => {
      expect(nestsDeeper(JSON.stringify(value), max)).toBe(depthOf(value) > max);
    }),
  );
});
