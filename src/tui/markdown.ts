/**
 * Markdown, lightly: headings, bold, emphasis, code, lists, quotes and rules, a line at a time.
 * An answer that is still on its way has open ends everywhere, and a reader of single lines
 * draws it as well half as whole, without ever reshaping what is on the screen already.
 */
import { chop, indent, type Line, lineCells, type Span, span, wrap } from "./lines.ts";

/** Longer lines are no prose, and the pattern for inline marks is not made for them. */
const inlineCharsMax = 4_000;

/** `text` is visible already; gives rows of at most `width` columns. */
export function markdown(text: string, width: number): Line[] {
  const rows: Line[] = [];
  let fence: string | null = null;
  for (const source of text.split("\n")) {
    const mark = /^\s*(```+|~~~+)/.exec(source)?.[1];
    if (mark !== undefined && (fence === null || source.trim() === fence)) {
      fence = fence === null ? mark : null;
      const language = fence === null ? "" : source.trim().slice(mark.length).trim();
      if (language !== "") rows.push(...chop([span(`  ${language}`, "dim")], width));
    } else if (fence !== null) {
      rows.push(...coded(source, width));
    } else {
      rows.push(...block(source, width));
    }
  }
  return rows;
}

function coded(source: string, width: number): Line[] {
  const inner = Math.max(1, width - 2);
  return indent(chop([span(source, "code")], inner), span("  "), span("  ")).map((row) =>
    lineCells(row) > width ? row.slice(1) : row,
  );
}

function block(source: string, width: number): Line[] {
  const heading = /^#{1,6}\s+(.*)$/.exec(source);
  if (heading) return wrap([span(heading[1] ?? "", "heading")], width);
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(source)) {
    return [[span("─".repeat(Math.min(width, 40)), "rule")]];
  }
  const item = /^(\s*)([-*+]|\d{1,4}[.)])\s+(.*)$/.exec(source);
  if (item) {
    const [, lead = "", bullet = "", rest = ""] = item;
    const sign = /\d/.test(bullet) ? bullet : "•";
    return hanging(`${lead.slice(0, 12)}${sign} `, inline(rest), width);
  }
  const quote = /^\s*>\s?(.*)$/.exec(source);
  if (quote) return hanging("│ ", [span(quote[1] ?? "", "dim")], width, "│ ");
  if (/^\s*\|.*\|\s*$/.test(source)) return chop([span(source)], width);
  return wrap(inline(source), width);
}

function hanging(first: string, line: Line, width: number, rest?: string): Line[] {
  if (width - first.length < 8) return wrap([span(first), ...line], width);
  const rows = wrap(line, width - first.length);
  return indent(rows, span(first, "dim"), span(rest ?? " ".repeat(first.length), "dim"));
}

const marks =
  /(`+)(?!`)(.+?)(?<!`)\1(?!`)|\*\*(\S|\S.*?\S)\*\*|(?<![\w*])\*(\S|\S[^*]*?\S)\*(?![\w*])/g;

function inline(source: string): Line {
  if (source.length > inlineCharsMax) return [span(source)];
  const spans: Span[] = [];
  let end = 0;
  for (const match of source.matchAll(marks)) {
    if (match.index > end) spans.push(span(source.slice(end, match.index)));
    const [whole, , code, bold, emphasis] = match;
    if (code !== undefined) spans.push(span(code, "code"));
    else if (bold !== undefined) spans.push(span(bold, "bold"));
    else spans.push(span(emphasis ?? whole, "emphasis"));
    end = match.index + whole.length;
  }
  if (end < source.length) spans.push(span(source.slice(end)));
  return spans;
}
