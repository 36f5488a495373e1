import { describe, expect, test } from "vitest";
import {
  checkMessageId,
  checkName,
  NAME_RULE,
  nameFrom,
  quote,
  visible,
  visibleLines,
} from "../../src/protocol/address.ts";
import fc from "../support/property.ts";

/** Everything a terminal obeys or an eye misses, but for what emoji are commonly written with. */
const HIDDEN =
  /(?![\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("\u001b", "[", "3", "1", "m", "\u202e", "\u009b", "a", "\r", "\n", "\t"),
  }),
);

describe("visible text", () => {
  test("holds nothing that a terminal obeys or an eye misses", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).not.toMatch(HIDDEN);
      }),
    );
  });

  test("of several lines holds nothing but newlines of that kind, and as many of them", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = visibleLines(text);
        expect(shown.replaceAll("\n", "")).not.toMatch(HIDDEN);
        expect(shown.split("\n")).toHaveLength(text.split("\n").length);
      }),
    );
  });

  test("changes no more when it is made visible again", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });

  test("every single code point that is hidden is named", () => {
    for (let point = 0; point <= 0x10ffff; point++) {
      const character = String.fromCodePoint(point);
      if (HIDDEN.test(character)) expect(visible(character)).not.toBe(character);
    }
  });

  test.each([
    ["\u001b[31mred", "^[[31mred"],
    ["\u0000", "^@"],
    ["a\u007fb", "a<U+007F>b"],
    ["abc\u202edef", "abc<U+202E>def"],
    ["\u{e0041}", "<U+E0041>"],
    ["\ud83d", "<U+D83D>"],
    ["naïve 漢字 😀 ⚠️ العربية", "naïve 漢字 😀 ⚠️ العربية"],
  ])("%j is shown as %s", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

test("a quoted value is short, whole characters, and visible", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
      const quoted = quote(text);
      expect(quoted).not.toMatch(HIDDEN);
      expect(quoted.isWellFormed()).toBe(true);
      expect(quoted.length).toBeLessThanOrEqual(82 * "<U+10FFFF>".length);
    }),
  );
  expect(quote("😀".repeat(60))).toMatch(/^"(😀)+…"$/u);
});

describe("names", () => {
  test("made from any text are legal, and a legal one stays what it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = nameFrom(text);
        expect(checkName(name)).toBe(name);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(NAME_RULE), (name) => {
        expect(nameFrom(name)).toBe(name.replace(/-+$/, ""));
      }),
    );
  });

  test.each([
    ["my project", "my-project"],
    ["café", "cafe"],
    ["Übung über", "Ubung-uber"],
    [".config", "config"],
    ["漢字", "session"],
    ["a".repeat(100), "a".repeat(48)],
  ])("%j becomes %s", (text, name) => {
    expect(nameFrom(text)).toBe(name);
  });

  test.each(["", ".", "..", "-x", "_x", "a b", "a/b", "a\n", "\u001b[2J", "ä", "a".repeat(49)])(
    "%j is refused with the rule, the value and a name that would do",
    (name) => {
      expect(() => checkName(name)).toThrow(
        expect.objectContaining({
          code: "invalid-name",
          message: expect.stringContaining(quote(name)),
          next: expect.stringMatching(/^Try "[A-Za-z0-9]/),
        }),
      );
    },
  );
});

test("message ids are checked the same way", () => {
  for (const id of ["1", "a:b@c/d-e_f.g", "x".repeat(128)]) expect(checkMessageId(id)).toBe(id);
  for (const id of ["", " a", "a b", "-a", "a\n", "ä", "x".repeat(129)])
    expect(() => checkMessageId(id)).toThrow(expect.objectContaining({ code: "invalid-id" }));
});

test("a family of emoji stays one picture; a joiner anywhere else is shown", () => {
  expect(visible("👨‍👩‍👧 🏳️‍🌈 👩🏽‍💻")).toBe("👨‍👩‍👧 🏳️‍🌈 👩🏽‍💻");
  expect(visible("a\u200db \u200d👩")).toBe("a<U+200D>b <U+200D>👩");
});

test("a heap of marks on one character is cut down, and said", () => {
  expect(visible(`e${"\u0301".repeat(30)}`)).toBe(`e${"\u0301".repeat(30)}`);
  expect(visible(`e${"\u0301".repeat(100_000)}x`)).toBe(
    `e${"\u0301".repeat(30)}<99970 marks more>x`,
  );
});
