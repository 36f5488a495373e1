import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/protocol/duration.ts";
import fc from "../support/property.ts";

test.each([
  ["500ms", 500],
  ["1s", 1000],
  ["10", 10_000],
  ["1.5s", 1500],
  ["10m", 600_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  [" 5s ", 5000],
  ["0.0001ms", 1],
  ["365d", 31_536_000_000],
])("%j is %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ..."|0|0s|-1s|s|1 s|1w|1S|1e3|Infinity|NaN|0x10|1s1m|366d|99999999999999999999d|１s".split("|"),
  "1\n\u001b[2J",
])("%j is refused", (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "invalid-usage" }));
});

test.each([
  [-5, "0ms"],
  [0, "0ms"],
  [999, "999ms"],
  [999.7, "999ms"],
  [1000, "1s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [3_840_000, "1h 4m"],
  [3_840_999, "1h 4m"],
  [90_000_000, "1d 1h"],
])("%d ms is shown as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("what is shown is never longer than it is, and what is left out is small", () => {
  const toMs = (text: string) =>
    text.split(" ").reduce((sum, part) => sum + (part === "0ms" ? 0 : parseDuration(part)), 0);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 365 * 86_400_000 }), (ms) => {
      const shown = toMs(formatDuration(ms));
      expect(shown).toBeLessThanOrEqual(ms);
      expect(ms - shown).toBeLessThan(Math.max(1000, ms / 24));
    }),
  );
});
