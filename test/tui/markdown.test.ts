import { expect, test } from "vitest";
import { visibleLines } from "../../src/protocol/address.ts";
import { colored } from "../../src/tui/text/code.ts";
import { lineCells } from "../../src/tui/text/lines.ts";
import { markdown } from "../../src/tui/text/markdown.ts";
import { textOfLine } from "../../src/tui/transcript/match.ts";
import fc from "../support/property.ts";

const drawn = (text: string, width = 40) => markdown(text, width).map(textOfLine);
const styled = (text: string, width = 40) =>
  markdown(text, width).map((line) => line.map(({ text, style }) => `${style}:${text}`).join("|"));

test("what models write is drawn as they meant it", () => {
  const table: [string, string[]][] = [
    ["# Why\n- **one** two", ["Why", "• one two"]],
    ["one\ntwo\n\n\nthree", ["one", "two", "", "three"]],
    ["- a\n  - b\n    1. c\n    2. d\n- e", ["• a", "  • b", "    1. c", "    2. d", "• e"]],
    ["3. c\n\n4. d", ["3. c", "", "4. d"]],
    ["- [ ] open\n- [x] done", ["☐ open", "☑ done"]],
    ["> said\n> > nested\n> - one", ["│ said", "│ │ nested", "│ • one"]],
    ["[docs](https://e.x/a?b=1&c) end", ["docs (https://e.x/a?b=1&c) end"]],
    ["see https://e.x/ now", ["see https://e.x/ now"]],
    ["![a cat](cat.png)", ["[image a cat] (cat.png)"]],
    ["a &lt;b&gt; `&lt;` <i>c</i>", ["a <b> < <i>c</i>"]],
    ["```\nopen ended\n\n# no heading", ["  open ended", "  ", "  # no heading"]],
    ["- item\n\n  ```sh\n  ls\n  ```", ["• item", "", "    sh", "    ls"]],
    ["a\n***\nb", ["a", "─".repeat(40), "b"]],
    ["2 * 3 * 4 and snake_case_name", ["2 * 3 * 4 and snake_case_name"]],
    ["", []],
  ];
  for (const [text, expected] of table) {
    expect([text, drawn(text).map((row) => row.trimEnd())]).toEqual([
      text,
      expected.map((row) => row.trimEnd()),
    ]);
  }
  expect(styled("**b** *e* `c`")).toEqual(["bold:b|plain: |emphasis:e|plain: |code:c"]);
});

test("a table is as wide as it is, then wraps, then becomes a list", () => {
  const source =
    "| name | count | about |\n|:--|--:|---|\n| `a` | 1 | one short text |\n| b | 22 | **two** |";
  expect(drawn(source)).toEqual([
    "name │ count │ about",
    "─────┼───────┼───────────────",
    "a    │     1 │ one short text",
    "b    │    22 │ two",
  ]);
  expect(drawn(source, 26)).toEqual([
    "name │ count │ about",
    "─────┼───────┼────────────",
    "a    │     1 │ one short",
    "     │       │ text",
    "b    │    22 │ two",
  ]);
  expect(drawn(source, 20)).toEqual([
    "name: a",
    "count: 1",
    "about: one short",
    "  text",
    "───",
    "name: b",
    "count: 22",
    "about: two",
  ]);
  expect(drawn("| 日本 | b |\n|---|---|\n| x | y |")[2]).toBe("x    │ y");
});

test("code has its comments, strings, numbers and words apart, over lines too", () => {
  const table: [string, string[], string[]][] = [
    [
      "ts",
      ["const a = 'x'; // y"],
      ["codeKeyword:const|plain: a = |codeString:'x'|plain:; |codeComment:// y"],
    ],
    ["js", ["/* a", "b */ 12"], ["codeComment:/* a", "codeComment:b */|plain: |codeNumber:12"]],
    ["python", ['"""a', 'b""" + c'], ['codeString:"""a', 'codeString:b"""|plain: + c']],
    ["sh", ["echo $# # n"], ["codeKeyword:echo|plain: $# |codeComment:# n"]],
    [
      "SQL",
      ["Select 'it' -- x"],
      ["codeKeyword:Select|plain: |codeString:'it'|plain: |codeComment:-- x"],
    ],
    [
      "json",
      ['{"a": "b\\"c", "n": true}'],
      [
        'plain:{|codeString:"a"|plain:: |codeString:"b\\"c"|plain:, |codeString:"n"|plain:: |codeKeyword:true|plain:}',
      ],
    ],
    ["diff", ["+a", "-b", "@@", " c"], ["added:+a", "removed:-b", "dim:@@", "plain: c"]],
    ["unheard", ["if x"], ["code:if x"]],
    ["constructor", ["x"], ["code:x"]],
  ];
  for (const [language, lines, expected] of table) {
    const got = colored(lines, language).map((line) =>
      line.map(({ text, style }) => `${style}:${text}`).join("|"),
    );
    expect([language, got]).toEqual([language, expected]);
  }
});

const marks = fc.constantFrom(
  ..."#*_`~>|-+[]()!<&\\:\n\n \tab1日".split(""),
  "```",
  "\n- ",
  "\n> ",
  "|---|",
  "**",
  "https://e.x",
  "\n    ",
  "<b>",
  "👩‍👩‍👧",
  "\u001b[2J",
);
const source = fc.array(marks, { maxLength: 60 }).map((parts) => visibleLines(parts.join("")));

test("whatever is written, no row is too wide, and every letter of it is shown", () => {
  fc.assert(
    fc.property(source, fc.integer({ min: 8, max: 60 }), (text, width) => {
      const rows = markdown(text, width);
      for (const row of rows) expect(lineCells(row)).toBeLessThanOrEqual(width);
      expect(rows.map(textOfLine).join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 600 },
  );
});

test("colours change no text", () => {
  const line = fc.array(
    fc.constantFrom(..."\"'`/*#-\\ abif1{}<!".split(""), "/*", "*/", '"""', "<!--"),
    { maxLength: 30 },
  );
  const languages = fc.constantFrom("ts", "py", "sh", "sql", "rust", "html", "diff", "lua", "none");
  fc.assert(
    fc.property(
      fc.array(
        line.map((parts) => parts.join("")),
        { maxLength: 4 },
      ),
      languages,
      (lines, name) => {
        expect(colored(lines, name).map(textOfLine)).toEqual(lines);
      },
    ),
  );
});

test("nesting without end is shown as it is", () => {
  for (const hostile of [
    ">".repeat(19_000),
    "- ".repeat(9_000),
    "[".repeat(19_000),
    "*a ".repeat(6_000),
    "|".repeat(19_000),
  ]) {
    expect(markdown(hostile, 40).length).toBeGreaterThan(0);
  }
});

test("a paragraph that would take the reader seconds is shown as it is, its neighbours as Markdown", () => {
  const busy = ["*a **a ", "a_b_", "~~a", "a.a.a.", "http://a&a;&a;", "[`a", "<a b "];
  for (const [index, unit] of busy.entries()) {
    const hostile = unit.repeat(3_000 / unit.length + 300).trim();
    const rows = styled(`**before**\n${index}\n\n${hostile}\n\n**after**`, 9_000);
    expect(rows.at(0)).toBe("bold:before");
    expect(rows.slice(3, -2).join("").replaceAll("plain:", "")).toBe(hostile);
    expect(rows.at(-1)).toBe("bold:after");
  }
  const nested = `${"- 1. > ".repeat(20)}a`;
  expect(drawn(nested, 400)).toEqual([nested]);
  const items = "- a\n  b\n".repeat(600).trim();
  expect(drawn(items)[0]).toBe("- a");
  expect(drawn("- a\n  **b**\n".repeat(300))[0]).toBe("• a");
  expect(drawn(`\`\`\`sh\n${"ls\n".repeat(1_500)}\`\`\``)[0]?.trim()).toBe("sh");
});
