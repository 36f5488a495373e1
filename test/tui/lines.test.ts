import { expect, test } from "vitest";
import {
  cells,
  chop,
  cut,
  graphemes,
  keepEnd,
  type Line,
  lineCells,
  span,
  wrap,
} from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";

const text = (line: Line) => line.map((part) => part.text).join("");
const line = fc.array(
  fc.record({
    text: fc.oneof(
      fc.string({ maxLength: 40 }).map((some) => some.replace(/[^\x20-\x7e]/g, " ")),
      fc.constantFrom("日本語のテキスト", "👩 und 🎉🎉", "e\u0301e\u0301", "🇩🇪🇫🇷", "a b  c"),
    ),
    style: fc.constantFrom("plain" as const, "code" as const),
  }),
  { maxLength: 5 },
);
const width = fc.integer({ min: 2, max: 50 });
/** What joins with its neighbours, or looks as if it did. */
const joining = fc.constantFrom(
  ...["\u1100", "\u1161", "\u11a8", "a", " ", "\u0301", "\ufe0f", "\ufe0e", "👩", "❤", "☑", "日"],
  ...["ｶ", "ﾞ", "ก", "\u0e33", "क", "\u0903", "\u094d", "\u05d0", "1", "\u20e3", "🇩", "🇪", "🏻"],
);
const hostileLine = fc.array(
  fc
    .oneof(fc.array(joining, { maxLength: 6 }), fc.array(fc.string({ unit: "binary" })))
    .map((parts) => span(parts.join(""))),
  { maxLength: 5 },
);

test("no row is wider than asked for, however it is broken", () => {
  fc.assert(
    fc.property(line, width, (given, columns) => {
      for (const row of [...wrap(given, columns), ...chop(given, columns), cut(given, columns)]) {
        expect(lineCells(row)).toBeLessThanOrEqual(columns);
      }
    }),
  );
});

test("a row's width is that of its characters, however they are spread over its spans", () => {
  fc.assert(
    fc.property(hostileLine, width, (given, columns) => {
      for (const row of [...wrap(given, columns), ...chop(given, columns), cut(given, columns)]) {
        const sum = graphemes(text(row)).reduce((all, grapheme) => all + cells(grapheme), 0);
        expect(lineCells(row)).toBe(sum);
        expect(lineCells(row)).toBeLessThanOrEqual(columns);
      }
    }),
  );
});

test.each<[string, string[], number]>([
  ["a keycap", ["1", "\ufe0f", "\u20e3"], 2],
  ["a sign that becomes a picture", ["☑", "\ufe0f"], 2],
  ["a syllable of two jamo", ["\u1100", "\u1161"], 2],
  ["a flag", ["🇩", "🇪"], 2],
  ["a family", ["👩", "\u200d👧"], 2],
  ["an accent", ["e", "\u0301x"], 2],
  ["a skin tone", ["👩", "🏻"], 2],
  ["a skin tone on nothing", ["  ", "🏻x"], 5],
  ["a skin tone on what has no skin", ["日🏻", "🏻"], 6],
  ["a half-width mark", ["ｶ", "ﾞ"], 2],
  ["a spacing vowel", ["क", "\u0903"], 2],
])("%s in two spans has the columns that it has in one", (_, parts, columns) => {
  const line = parts.map((part) => span(part));
  expect(lineCells(line)).toBe(columns);
  expect(cells(parts.join(""))).toBe(columns);
  for (const row of chop([span("x"), ...line], columns)) {
    expect(lineCells(row)).toBeLessThanOrEqual(columns);
  }
});

test("chopping loses nothing, and wrapping loses spaces alone", () => {
  fc.assert(
    fc.property(line, width, (given, columns) => {
      const join = (rows: Line[]) => rows.map(text).join("");
      expect(join(chop(given, columns))).toBe(text(given));
      expect(join(wrap(given, columns)).replaceAll(" ", "")).toBe(text(given).replaceAll(" ", ""));
    }),
  );
});

test("words stay whole where they fit, also across a change of style", () => {
  const given = [span("see "), span("config", "code"), span(".toml, then go on")];
  expect(wrap(given, 12).map(text)).toEqual(["see", "config.toml,", "then go on"]);
  expect(wrap([span("aaaaaaaaaa b")], 4).map(text)).toEqual(["aaaa", "aaaa", "aa b"]);
  expect(chop([span("a  b  c")], 3).map(text)).toEqual(["a  ", "b  ", "c"]);
});

test("a cut line says so", () => {
  expect(text(cut([span("hello world")], 8))).toBe("hello w…");
  expect(text(cut([span("日本語")], 4))).toBe("日…");
  expect(text(cut([span("hello")], 5))).toBe("hello");
});

test("the end of a path is kept, as much of it as fits", () => {
  expect(keepEnd("/home/ann/api", 8)).toBe("…ann/api");
  expect(keepEnd("/home/ann/日本", 5)).toBe("…日本");
  expect(["ann/api", "api"].map((path) => keepEnd(path, 7))).toEqual(["ann/api", "api"]);
  fc.assert(
    fc.property(line, fc.integer({ min: 0, max: 50 }), (given, columns) => {
      const whole = text(given);
      const kept = keepEnd(whole, columns);
      expect(cells(kept)).toBeLessThanOrEqual(columns);
      expect(whole.endsWith(kept.replace(/^…/, ""))).toBe(true);
    }),
  );
});
