import fc from "fast-check";
import { expect, test } from "vitest";
import { chop, cut, type Line, lineCells, span, wrap } from "../../src/tui/text/lines.ts";

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

test("no row is wider than asked for, however it is broken", () => {
  fc.assert(
    fc.property(line, width, (given, columns) => {
      for (const row of [...wrap(given, columns), ...chop(given, columns), cut(given, columns)]) {
        expect(lineCells(row)).toBeLessThanOrEqual(columns);
      }
    }),
  );
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
