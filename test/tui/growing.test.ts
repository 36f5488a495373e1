/** A text that grows is drawn by its end alone, and comes out as if it had been there at once. */

import { expect, test, vi } from "vitest";
import { visibleLines } from "../../src/protocol/address.ts";
import { Growth } from "../../src/tui/text/growth.ts";
import { markdown } from "../../src/tui/text/markdown.ts";
import { plain } from "../../src/tui/text/plain.ts";
import { shown } from "../../src/tui/text/shown.ts";
import { paint } from "../../src/tui/text/theme.ts";
import fc from "../support/property.ts";

const lexed = vi.hoisted(() => ({ chars: 0 }));
vi.mock("marked", async (load) => {
  const real = await load<typeof import("marked")>();
  const lexer: typeof real.lexer = (text, options) => {
    lexed.chars += text.length;
    return real.lexer(text, options);
  };
  return { ...real, lexer };
});

const prose = "Some words of a paragraph that goes on for a while, with `code` and **weight**. ";
const piece = fc.oneof(
  fc.constantFrom(
    prose.repeat(8),
    "\n\n",
    "\n",
    " \n \n",
    "\r\n\r\n",
    "```ts\nconst a = 1;\n\nconst b = 2;\n",
    "```",
    "\n~~~\n\n",
    "- one\n- two\n\n  still two\n",
    "    indented\n\n    more\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "# heading\n",
    "> said\n",
    "   ",
    "日本語のテキストです。",
    "👩\u200d💻👩🏽\u200d🚀",
    "e\u0301",
    "\u200d",
    "\u202eback",
    "\u001b[31m",
    "\ttab",
    "x".repeat(700),
  ),
  fc.string({ maxLength: 30, unit: "binary" }),
);
/** Long enough that its beginning is kept, and cut into deltas anywhere, characters included. */
const growing = fc
  .record({
    text: fc.array(piece, { minLength: 1, maxLength: 25 }).map((all) => all.join("")),
    cuts: fc.array(fc.nat(400), { minLength: 1, maxLength: 12 }),
  })
  .map(({ text, cuts }) => {
    const ends: number[] = [];
    for (let at = 0, turn = 0; at < text.length; turn++) {
      at += cuts[turn % cuts.length]! + 40;
      ends.push(at);
    }
    return ends.map((end) => text.slice(0, end));
  });
/** One line without end, a few characters more each time. */
const flat = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[a-z]{1,9}$/),
      fc.constantFrom(
        " ",
        " ",
        "  ",
        "日本",
        "👩",
        "\u200d",
        "🏽",
        "\ufe0f",
        "e\u0301",
        "\r",
        "\n",
      ),
    ),
    { minLength: 20, maxLength: 150 },
  )
  .map((pieces) => pieces.map((_, at) => prose.repeat(15) + pieces.slice(0, at + 1).join("")));
/** The same of characters that are shown by what stands beside them. */
const joined = fc
  .array(fc.constantFrom("👩", "\u200d", "🏽", "\ufe0f", "ab"), { minLength: 200, maxLength: 300 })
  .map((pieces) => pieces.map((_, at) => prose.repeat(52) + pieces.slice(0, at + 1).join("")));
const width = fc.integer({ min: 8, max: 60 });

const painted = (rows: ReturnType<typeof plain>) => rows.map((row) => paint(row, 256));

test("what is shown of a text that grows is what is shown of the whole", () => {
  fc.assert(
    fc.property(fc.oneof(growing, flat, joined), (texts) => {
      for (const text of texts) expect(shown(text)).toBe(visibleLines(text));
    }),
    { numRuns: 40 },
  );
});

test("Markdown that grows is drawn as the whole is", () => {
  fc.assert(
    fc.property(growing, width, (texts, columns) => {
      for (const text of texts) {
        const given = visibleLines(text).trimEnd();
        const whole = markdown(given, columns, new Growth());
        expect(painted(markdown(given, columns))).toEqual(painted(whole));
      }
    }),
  );
});

test("a plain text that grows is wrapped as the whole is", () => {
  fc.assert(
    fc.property(fc.oneof(growing, flat), width, (texts, columns) => {
      for (const text of texts) {
        const given = visibleLines(text).trimEnd();
        const whole = plain(given, columns, new Growth());
        expect(painted(plain(given, columns))).toEqual(painted(whole));
      }
    }),
    { numRuns: 40 },
  );
});

test("two texts that begin alike and grow in turn stay apart", () => {
  const begin = `${prose.repeat(30)}\n\n${prose.repeat(30)}`;
  for (let step = 0; step < 20; step++) {
    for (const word of [" one", " two"]) {
      const text = begin + `${word.repeat(step)}\n\n`.repeat(step);
      expect(painted(markdown(text.trimEnd(), 50))).toEqual(
        painted(markdown(text.trimEnd(), 50, new Growth())),
      );
    }
  }
});

test("an answer is read about once, however many deltas it comes in", () => {
  const text = `${prose.repeat(3)}\n\n`.repeat(400);
  lexed.chars = 0;
  for (let end = 100; end < text.length; end += 100) markdown(text.slice(0, end), 80);
  expect(lexed.chars).toBeLessThan(4 * text.length);
});

test("a flat text is wrapped about once, however many deltas it comes in", () => {
  for (const word of ["word ", "x", "日本", "line\n"]) {
    const text = word.repeat(10_000);
    let wrapped = 0;
    const known = new (class extends Growth<never> {
      override of(given: string, way: number, nothing: never) {
        const settled = super.of(given, way, nothing);
        wrapped += given.length - settled.chars;
        return settled;
      }
    })();
    for (let end = 100; end < text.length; end += 100) plain(text.slice(0, end), 80, known);
    expect(wrapped).toBeLessThan(8 * text.length);
  }
});
