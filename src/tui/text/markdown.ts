/**
 * Markdown as rows. The text is taken apart at its blank lines and each part is read and drawn by
 * itself, so that of a long answer on its way only the last part is drawn anew, and what stands
 * above never changes its shape. What no reader of Markdown should be given (a part too long, or
 * nested without end) is shown as it is.
 */
import type { MarkedToken, Token, Tokens } from "marked";
import { trimEnd } from "../../protocol/trim-end.ts";
import { colored } from "./code.ts";
import { Growth } from "./growth.ts";
import { inline, linesOf } from "./inline.ts";
import { chop, indent, type Line, lineCells, span, wrap } from "./lines.ts";
import { plain } from "./plain.ts";
import { readMarkdown } from "./read-markdown.ts";
import { table } from "./table.ts";

/** A part is one by how its first line begins. */
const partSignChars = 2;

/** The rows of all parts but the last one of a text. */
const kept = new Growth<readonly Line[]>();

/** `text` is visible already; gives rows of at most `width` columns. */
export function markdown(text: string, width: number, known = kept): Line[] {
  const { chars, made } = known.of(text, width, []);
  const parts = partsOf(text.slice(chars));
  const last = parts.pop() ?? "";
  const settled = parts.reduce((rows, part) => joined(rows, drawPart(part, width)), [...made]);
  const lastStart = text.length - last.length;
  known.keep(text.slice(0, lastStart + partSignChars), width, { made: settled, chars: lastStart });
  return joined([...settled], drawPart(last, width));
}

/** Puts rows behind others, in place: parts are many. */
function joined(rows: Line[], more: readonly Line[]): Line[] {
  if (rows.length > 0 && more.length > 0) rows.push([]);
  for (const row of more) rows.push(row);
  return rows;
}

/**
 * Splits at blank lines that are in no code and before nothing indented. The parts make up the
 * whole text, and whatever follows changes the last of them alone.
 */
function partsOf(text: string): string[] {
  const starts: number[] = [];
  let fence: string | null = null;
  let blank = false;
  let at = 0;
  for (const line of text.split("\n")) {
    const start = at;
    at += line.length + 1;
    if (fence === null && line.trim() === "") {
      blank = true;
      continue;
    }
    if (blank && fence === null && !/^(\s{2,}|\t)/.test(line)) starts.push(start);
    blank = false;
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark === undefined) continue;
    if (fence === null) fence = mark;
    else if (mark.startsWith(fence) && line.trim() === mark) fence = null;
  }
  return [0, ...starts].map((start, index) => text.slice(start, starts[index]));
}

function drawPart(given: string, width: number): Line[] {
  const part = given.trimEnd();
  if (part === "") return [];
  const tokens = readMarkdown(part);
  return tokens === null ? plain(part, width) : blocks(tokens, width);
}

function blocks(tokens: readonly Token[], width: number): Line[] {
  return tokens.flatMap((token, index) => {
    if (token.type !== "space") return block(token as MarkedToken, width);
    return index > 0 && index < tokens.length - 1 ? [[]] : [];
  });
}

function block(token: MarkedToken, width: number): Line[] {
  switch (token.type) {
    case "heading":
      return rowsOf(inline(token.tokens, "heading"), width);
    case "paragraph":
      return rowsOf(inline(token.tokens), width);
    case "text":
      return rowsOf(inline(token.tokens ?? [token]), width);
    case "hr":
      return [[span("─".repeat(Math.min(width, 40)), "rule")]];
    case "code":
      return code(token, width);
    case "list":
      return list(token, width);
    case "blockquote":
      return beside("│ ", "│ ", width, (inner) => blocks(token.tokens, inner));
    case "table":
      return table(token, width);
    case "checkbox":
      return [];
    default:
      return plain(trimEnd(token.raw, "\n"), width);
  }
}

function rowsOf(spans: ReturnType<typeof inline>, width: number): Line[] {
  return linesOf(spans).flatMap((line) => wrap(line, width));
}

function list({ items, ordered, start }: Tokens.List, width: number): Line[] {
  return items.flatMap((item, index) => {
    const bullet = ordered ? `${Number(start || 1) + index}. ` : "• ";
    const sign = item.task ? `${item.checked ? "☑" : "☐"} ` : bullet;
    const rest = " ".repeat(sign.length);
    const rows = beside(sign, rest, width, (inner) => blocks(item.tokens, inner));
    return rows.length > 0 ? rows : [[span(sign, "dim")]];
  });
}

/** What is nested stands beside its sign, until that would leave too little room. */
function beside(
  first: string,
  rest: string,
  width: number,
  draw: (inner: number) => Line[],
): Line[] {
  if (width - first.length < 8) return draw(width);
  return indent(draw(width - first.length), span(first, "dim"), span(rest, "dim"));
}

function code({ text, lang, codeBlockStyle }: Tokens.Code, width: number): Line[] {
  const inner = Math.max(1, width - 2);
  const language = codeBlockStyle === "indented" ? "" : (lang ?? "").trim();
  const label: Line[] = language === "" ? [] : chop([span(`  ${language}`, "dim")], width);
  const rows = colored(text.split("\n"), language).flatMap((line) => chop(line, inner));
  return [...label, ...indent(rows, span("  "), span("  "))].map((row) =>
    lineCells(row) > width ? row.slice(1) : row,
  );
}
