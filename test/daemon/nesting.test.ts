import { expect, test } from "vitest";
import { escapesExceed, excessOf, refuseIntricate } from "../../src/daemon/nesting.ts";
import { limits } from "../../src/protocol/methods.ts";
import fc from "../support/property.ts";

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

test("it counts the characters of members' names, and of no other string", () => {
  const namesOf = (value: unknown): number =>
    typeof value === "object" && value !== null
      ? Object.entries(value).reduce(
          (sum, [name, each]) =>
            sum + (Array.isArray(value) ? 0 : JSON.stringify(name).length - 2) + namesOf(each),
          0,
        )
      : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(60), fc.boolean(), (value, most, spaced) => {
      const text = JSON.stringify(value, null, spaced ? 1 : 0).replaceAll('": ', '" \t: ');
      expect(excessOf(text, Infinity, Infinity, most) === "names").toBe(
        namesOf(JSON.parse(text)) > most,
      );
    }),
  );
  const name = (length: number) => `{"${"n".repeat(length)}":1}`;
  expect(() => refuseIntricate(name(256 * 1024))).not.toThrow();
  expect(() => refuseIntricate(name(256 * 1024 + 1))).toThrow("262144 characters");
});

test("it counts what is escaped", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.nat(20), (text, most) => {
      const frame = JSON.stringify(text);
      const escapes = frame.match(/\\(u[0-9a-f]{4}|.)/g)?.length ?? 0;
      expect(escapesExceed(frame, most)).toBe(escapes > most);
    }),
  );
});

test("a message of the longest text passes, whatever it is made of", () => {
  for (const character of ["\u0001", "\n", '"', "\\", "x", "\u{1f600}"]) {
    const bytes = Buffer.byteLength(character);
    const text = character.repeat(limits.messageBytesMax / bytes);
    const call = JSON.stringify({ id: 1, method: "session/send", params: { content: { text } } });
    expect(() => refuseIntricate(call)).not.toThrow();
  }
  expect(() => refuseIntricate(`"${"\\n".repeat(1_400_000)}"`)).toThrow("escaped characters");
});
