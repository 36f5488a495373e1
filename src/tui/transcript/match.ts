/**
 * Finds words in rows as they are drawn. A text that was wrapped or chopped is found across the
 * rows it was broken into, past the signs and rules at their beginnings. Pure.
 */
import type { Line, Span } from "../text/lines.ts";
import type { StyleName } from "../text/theme.ts";

/** A match begins in one row, and may go on in the next ones. */
export interface Match {
  row: number;
  /** Where it begins in its row's text, in UTF-16 units. */
  start: number;
  parts: { row: number; start: number; end: number }[];
}

/** More is no search, and would make a pattern that is slow to try. */
export const wordsCharsMax = 200;
const matchesMax = 2_000;

/** Case counts when the words have a capital. */
export function patternOf(words: string): RegExp | null {
  const text = words.trim().slice(0, wordsCharsMax);
  if (text === "") return null;
  const source = text
    .split(/\s+/)
    .map((word) => Array.from(word, escaped).join("(?:\\n[ │]*)?"))
    .join("[ │\\n]+");
  return new RegExp(source, text === text.toLowerCase() ? "gi" : "g");
}

export function matchesIn(rows: readonly Line[], pattern: RegExp): Match[] {
  const texts = rows.map(textOfLine);
  const whole = texts.join("\n");
  const found: Match[] = [];
  let row = 0;
  let rowStart = 0;
  for (const match of whole.matchAll(pattern)) {
    while (match.index > rowStart + texts[row]!.length) rowStart += texts[row++]!.length + 1;
    const start = match.index - rowStart;
    found.push({ row, start, parts: partsOf(texts, row, start, match[0]) });
    if (found.length === matchesMax) break;
  }
  return found;
}

function partsOf(texts: string[], row: number, start: number, found: string): Match["parts"] {
  return found.split("\n").map((text, index) => {
    if (index === 0) return { row, start, end: start + text.length };
    // What a continued row begins with is no part of what was said.
    const lead = /^[ │]*/.exec(text)?.[0].length ?? 0;
    return {
      row: row + index,
      start: lead,
      end: Math.min(text.length, texts[row + index]!.length),
    };
  });
}

/** The row with the style of some of its text changed. */
export function restyled(
  line: Line,
  parts: readonly { start: number; end: number; style: StyleName }[],
): Line {
  if (parts.length === 0) return line;
  const out: Span[] = [];
  let at = 0;
  for (const span of line) {
    const edges = parts.flatMap(({ start, end }) => [start - at, end - at]);
    const cuts = [...new Set([0, span.text.length, ...edges])]
      .filter((edge) => edge >= 0 && edge <= span.text.length)
      .sort((a, b) => a - b);
    for (let index = 1; index < cuts.length; index++) {
      const from = cuts[index - 1]!;
      const inside = parts.find(({ start, end }) => start <= at + from && at + from < end);
      out.push({ text: span.text.slice(from, cuts[index]), style: inside?.style ?? span.style });
    }
    at += span.text.length;
  }
  return out;
}

export function textOfLine(line: Line): string {
  return line.map(({ text }) => text).join("");
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
}
