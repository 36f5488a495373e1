/** What stands for Unicode's tables in the TUI's bundle says what they say. */

import stringWidth from "string-width";
import { expect, test } from "vitest";
import { Segmenter } from "../../src/tui/text/segmenter.ts";
import { isParted, simpleWidth } from "../../src/tui/text/simple.ts";
import width from "../../src/tui/text/width.ts";
import fc from "../support/property.ts";

const real = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ours = new Segmenter(undefined, { granularity: "grapheme" });
const parts = (segmenter: { segment: typeof ours.segment }, text: string) =>
  Array.from(segmenter.segment(text), ({ segment, index }) => [segment, index]);

const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
const simpleOnes = all.filter((character) => simpleWidth(character) !== null);
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...simpleOnes),
      fc.constantFrom("\u001b[1m", "\u001b[38;2;1;2;3m", "\u001b[0m", "\n", "\u001b"),
      fc.constantFrom("日", "👩", "\u200d", "\ufe0f", "e\u0301", "\u0300", "\r", "\u009b1m", "각"),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(""));

test("a simple character has its columns, and is a grapheme after and before any other", () => {
  expect(simpleOnes.length).toBeGreaterThan(30_000);
  for (const character of simpleOnes) {
    if (simpleWidth(character) !== stringWidth(character) || !isParted(character)) {
      expect([character, simpleWidth(character)]).toEqual([character, stringWidth(character)]);
    }
  }
  const row = simpleOnes.join("");
  expect(parts(real, row + row)).toHaveLength(2 * row.length);
  expect(parts(real, Array.from(row).join("a"))).toHaveLength(2 * row.length - 1);
});

test("any text has the width and the graphemes that it has", () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(width(given)).toBe(stringWidth(given));
      expect(parts(ours, given)).toEqual(parts(real, given));
    }),
    { numRuns: 2_000 },
  );
});
