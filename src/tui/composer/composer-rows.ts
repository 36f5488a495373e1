/**
 * The composer's text as rows, with the cursor's place. Only the lines around the cursor are
 * laid out, and of a very long line only the part around it, so a pasted book types like a word.
 */
import { visible } from "../../protocol/address.ts";
import { cells, graphemes } from "../text/lines.ts";
import type { Composer } from "./composer.ts";

export interface ComposerRows {
  rows: string[];
  /** The cursor's column and its row among `rows`. */
  cursor: { column: number; row: number };
  /** How many of the text's lines there are in all. */
  lines: number;
}

/** Of a longer line, this many characters before and after the cursor are laid out. */
const aroundChars = 4_000;

export function composerRows(composer: Composer, width: number, rowsMax: number): ComposerRows {
  const { text, cursor } = composer;
  const start = cursor === 0 ? 0 : text.lastIndexOf("\n", cursor - 1) + 1;
  const end = lineEnd(text, cursor);
  const own = layOut(text, start, end, cursor, width);
  const rows = [...own.rows];
  let row = own.cursor.row;
  let above = start;
  while (above > 0 && rows.length < rowsMax * 2) {
    const previous = above === 1 ? 0 : text.lastIndexOf("\n", above - 2) + 1;
    const laid = layOut(text, previous, above - 1, above - 1, width).rows;
    rows.unshift(...laid);
    row += laid.length;
    above = previous;
  }
  for (let below = end; below < text.length && rows.length < rowsMax * 3; ) {
    const next = lineEnd(text, below + 1);
    rows.push(...layOut(text, below + 1, next, below + 1, width).rows);
    below = next;
  }
  const first = Math.max(0, Math.min(row - rowsMax + 1, rows.length - rowsMax));
  const shown = row < first ? row : first;
  return {
    rows: rows.slice(shown, shown + rowsMax),
    cursor: { column: own.cursor.column, row: row - shown },
    lines: countLines(text),
  };
}

interface LaidOut {
  rows: string[];
  cursor: { column: number; row: number };
}

function layOut(text: string, start: number, end: number, cursor: number, width: number): LaidOut {
  const step = aroundChars / 2;
  const from = Math.max(start, start + Math.floor((cursor - start) / step) * step - step);
  const to = Math.min(end, from + 2 * aroundChars);
  const rows: string[] = [];
  let row = from > start ? "…" : "";
  let used = row.length;
  let place = { column: used, row: 0 };
  let at = from;
  for (const grapheme of graphemes(text.slice(from, to))) {
    const shown = grapheme === "\t" ? "    " : visible(grapheme);
    const wide = cells(shown);
    if (used + wide > width && used > 0) {
      rows.push(row);
      row = "";
      used = 0;
    }
    if (at === cursor) place = { column: used, row: rows.length };
    row += wide > width ? "?" : shown;
    used += Math.min(wide, width);
    at += grapheme.length;
  }
  if (cursor >= at) {
    // The cursor after the last column stands on a row of its own, as the next character will.
    if (used >= width) {
      rows.push(row);
      row = "";
      used = 0;
    }
    place = { column: used, row: rows.length };
  }
  return { rows: [...rows, row], cursor: place };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
