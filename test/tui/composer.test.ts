import { expect, test } from "vitest";
import * as edit from "../../src/tui/composer/composer.ts";
import { composerRows } from "../../src/tui/composer/composer-rows.ts";
import { cells } from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";

type Edit = (composer: edit.Composer) => edit.Composer | null;

/** `|` is the cursor. */
function composer(shown: string): edit.Composer {
  return { text: shown.replace("|", ""), cursor: shown.indexOf("|"), recalled: null };
}

function show({ text, cursor }: edit.Composer): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

test("editing moves by characters, words and lines", () => {
  const table: [string, Edit, string][] = [
    ["ab|c", edit.backspace, "a|c"],
    ["|abc", edit.backspace, "|abc"],
    ["a👩‍👧|b", edit.backspace, "a|b"],
    ["a|é", edit.remove, "a|"],
    ["日|本", edit.left, "|日本"],
    ["a|🇩🇪b", edit.right, "a🇩🇪|b"],
    ["one two|", edit.killWord, "one |"],
    ["one two  |", edit.killWord, "one |"],
    ["a\nbc|d", edit.killToStart, "a\n|d"],
    ["a|b\nc", edit.killToEnd, "a|\nc"],
    ["a|\nc", edit.killToEnd, "a|c"],
    ["a\nb|c", edit.lineStart, "a\n|bc"],
    ["|ab\nc", edit.lineEnd, "ab|\nc"],
    ["one two|", edit.wordLeft, "one |two"],
    ["one| two", edit.wordRight, "one two|"],
    ["abc\nde|f", (given) => edit.up(given), "ab|c\ndef"],
    ["abcdef|\ng\nhij", (given) => edit.down(given), "abcdef\ng|\nhij"],
  ];
  for (const [before, change, after] of table) expect(show(change(composer(before))!)).toBe(after);
  expect(edit.up(composer("a|b"))).toBeNull();
  expect(edit.down(composer("a|b"))).toBeNull();
  expect(edit.pasted("a\r\nb\rc")).toBe("a\nb\nc");
});

test("what was sent is recalled newest first, and writing begins anew behind it", () => {
  const past = ["newest", "older"];
  const first = edit.recall(edit.emptyComposer, past, 1);
  expect(first.text).toBe("newest");
  const second = edit.recall(first, past, 1);
  expect(edit.recall(second, past, 1).text).toBe("older");
  expect(edit.recall(first, past, -1)).toEqual(edit.emptyComposer);
  expect(edit.insert(second, "!").recalled).toBeNull();
});

test("rows hold the text and the cursor stands where the next character goes", () => {
  const laid = (shown: string, width: number) => composerRows(composer(shown), width, 5);
  expect(laid("hello wor|ld", 5)).toMatchObject({
    rows: ["hello", " worl", "d"],
    cursor: { column: 4, row: 1 },
  });
  expect(laid("12345|", 5)).toMatchObject({ rows: ["12345", ""], cursor: { column: 0, row: 1 } });
  expect(laid("日本|", 4)).toMatchObject({ rows: ["日本", ""], cursor: { column: 0, row: 1 } });
  expect(laid("a\tb|", 20)).toMatchObject({ rows: ["a    b"], cursor: { column: 6, row: 0 } });
  expect(laid("a\u001bb|", 20)).toMatchObject({ rows: ["a^[b"] });
  const many = laid("1\n2\n3\n4\n5\n6\n7|\n8", 10);
  expect(many.rows).toEqual(["3", "4", "5", "6", "7"]);
  expect(many).toMatchObject({ cursor: { column: 1, row: 4 }, lines: 8 });
});

test("whatever is written, the cursor is on a row and no row is too wide", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 });
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 4, max: 30 }), (written, at, width) => {
      const inside = edit.left(
        edit.right({ text: written, cursor: at % (written.length + 1), recalled: null }),
      );
      const { rows, cursor } = composerRows(inside, width, 6);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(6);
      expect(rows[cursor.row]).toBeDefined();
      expect(cursor.column).toBeLessThanOrEqual(width);
      for (const row of rows) expect(cells(row)).toBeLessThanOrEqual(Math.max(width, 8));
    }),
  );
});

test("a pasted book is laid out like a word", () => {
  const line = "x".repeat(5_000_000);
  const inLine = { text: line, cursor: 2_500_000, recalled: null };
  expect(composerRows(inLine, 80, 8).rows).toHaveLength(8);
  const book = { text: "a line\n".repeat(500_000), cursor: 3_500_000, recalled: null };
  expect(composerRows(book, 80, 8)).toMatchObject({ lines: 500_001, cursor: { row: 7 } });
});
