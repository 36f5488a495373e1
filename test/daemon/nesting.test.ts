import fc from "fast-check";
import { expect, test } from "vitest";
import { excessOf, refuseIntricate } from "../../src/daemon/nesting.ts";

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
  expect(excessOf(frame, max, Infinity) === "depth").toBe(expected);
});

test("it agrees with the value that the text stands for", () => {
  const depthOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: false }), fc.nat(6), (value, max) => {
      expect(excessOf(JSON.stringify(value), max, Infinity) === "depth").toBe(depthOf(value) > max);
    }),
  );
});

test("it counts what there is to parse, and nothing that stands in a string", () => {
  const most = 20_000;
  const list = (values: number) => `{"x":[${"1,".repeat(values - 3)}1]}`;
  expect(excessOf(list(10), 9, 10)).toBe(undefined);
  expect(excessOf(list(11), 9, 10)).toBe("values");
  expect(() => refuseIntricate(list(most))).not.toThrow();
  expect(() => refuseIntricate(list(most + 1))).toThrow("20000 values");
  expect(() => refuseIntricate(`"${",[{".repeat(most)}"`)).not.toThrow();
});
