/**
 * What the screen is made of: a line is a row of styled spans, without control characters and
 * never wider than it was made for. Everything here is pure.
 */
import stringWidth from "string-width";
import { isParted, simpleWidth } from "./simple.ts";
import type { StyleName } from "./theme.ts";

export interface Span {
  readonly text: string;
  readonly style: StyleName;
}
export type Line = readonly Span[];

export function span(text: string, style: StyleName = "plain"): Span {
  return { text, style };
}

let segmenter: Intl.Segmenter | undefined;

/** A skin tone behind what has no skin is drawn as a picture of its own. */
const strayTone = /(?<!\p{Emoji_Modifier_Base}\ufe0f?)(?=\p{Emoji_Modifier})/u;
const anyTone = /\p{Emoji_Modifier}/u;

/** The characters that a person sees, and a terminal moves over, as one. */
export function graphemes(text: string): string[] {
  if (isParted(text)) return text.split("");
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  const segments = Array.from(segmenter.segment(text), ({ segment }) => segment);
  if (!anyTone.test(text)) return segments;
  return segments.flatMap((segment) => segment.split(strayTone));
}

/** How many columns a text takes: the only definition of width there is. */
export function cells(text: string): number {
  const simple = simpleWidth(text);
  if (simple !== null) return simple;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeCells(grapheme), 0);
}

/**
 * The most columns that a terminal may take for it: not all join emoji into one, colour them, make
 * flags of letters, or know them at all. Marks are drawn on what stands before them everywhere.
 */
export function widestCells(text: string): number {
  const simple = simpleWidth(text);
  if (simple !== null) return simple;
  let sum = 0;
  for (const character of text) {
    if (!/^(?!\ufe0f)\p{M}$/u.test(character)) sum += simpleWidth(character) ?? 2;
  }
  return sum;
}

/** Texts are long and their alphabets short: each asking of Unicode's tables is worth keeping. */
const knownCells = new Map<string, number>();
const knownCellsMax = 4_000;
/** A longer one is a heap of marks, which nobody writes twice. */
const knownCharsMax = 16;

function graphemeCells(grapheme: string): number {
  const known = knownCells.get(grapheme);
  if (known !== undefined) return known;
  const width = simpleWidth(grapheme) ?? stringWidth(grapheme);
  if (grapheme.length > knownCharsMax) return width;
  if (knownCells.size >= knownCellsMax) knownCells.clear();
  knownCells.set(grapheme, width);
  return width;
}

/** Of the row as a whole: what ends one span and begins the next may be one character. */
export function lineCells(line: Line, cellsOf = cells): number {
  const { length } = line;
  return cellsOf(length === 1 ? line[0]!.text : line.map(({ text }) => text).join(""));
}

/** Breaks between words; a word that is too long, or text without spaces, breaks anywhere. */
export function wrap(line: Line, width: number): Line[] {
  return lineCells(line) <= width ? [line] : wrapOn(line, width);
}

/** The same for what follows the first rows of a line that was too wide. */
export function wrapOn(line: Line, width: number): Line[] {
  const rows = new Rows(width);
  let space: Span[] = [];
  for (const token of tokensOf(line)) {
    if (token.space) {
      space = rows.atStartOfContinuation ? [] : token.pieces;
      continue;
    }
    const gap = space.reduce((sum, { text }) => sum + text.length, 0);
    if (rows.used > 0 && rows.used + gap + token.width > width && token.width <= width) {
      rows.next();
    } else {
      for (const piece of space) rows.put(piece);
    }
    space = [];
    for (const piece of token.pieces) rows.put(piece);
  }
  return rows.finish();
}

/** Breaks at the edge and keeps every space: for code, output and what is to be approved. */
export function chop(line: Line, width: number, cellsOf = cells): Line[] {
  if (lineCells(line, cellsOf) <= width) return [line];
  const rows = new Rows(width, undefined, cellsOf);
  for (const piece of line) rows.put(piece);
  return rows.finish();
}

/** Cuts to one row, with an ellipsis where something is missing. */
export function cut(line: Line, width: number): Line {
  if (lineCells(line) <= width) return line;
  const first = width > 1 ? firstRow(line, width - 1) : [];
  return width < 1 ? [] : [...first, span("…", first.at(-1)?.style ?? "plain")];
}

/** The same at the beginning: the end of a path says more. */
export function keepEnd(text: string, width: number): string {
  if (cells(text) <= width) return text;
  const all = graphemes(text);
  let from = all.length;
  for (let left = width - 1; from > 0; from--) {
    left -= cells(all[from - 1]!);
    if (left < 0) break;
  }
  return width < 1 ? "" : `…${all.slice(from).join("")}`;
}

/** Filled up to `width` with blanks; one that is wider stays so. */
export function filled(line: Line, width: number, style: StyleName = "plain"): Line {
  const gap = width - lineCells(line);
  return gap > 0 ? [...line, span(" ".repeat(gap), style)] : line;
}

/** Of a line that may go on for a million characters nobody sees. */
function firstRow(line: Line, width: number): Line {
  const rows = new Rows(width, 1);
  for (const piece of line) rows.put(piece);
  return rows.finish()[0] ?? [];
}

/** Puts `first` before the first row and `rest` before the others. */
export function indent(rows: readonly Line[], first: Span, rest: Span): Line[] {
  return rows.map((row, index) => [index === 0 ? first : rest, ...row]);
}

class Rows {
  used = 0;
  readonly #width: number;
  readonly #rowsMax: number;
  readonly #cellsOf: (text: string) => number;
  readonly #done: Line[] = [];
  #row: Span[] = [];

  /** What comes after `rowsMax` rows is let go. */
  constructor(width: number, rowsMax = Number.POSITIVE_INFINITY, cellsOf = cells) {
    this.#width = Math.max(1, width);
    this.#rowsMax = rowsMax;
    this.#cellsOf = cellsOf;
  }

  get atStartOfContinuation(): boolean {
    // A character without a width has begun the row all the same.
    return this.#row.length === 0 && this.#done.length > 0;
  }

  next(): void {
    this.#done.push(this.#row);
    this.#row = [];
    this.used = 0;
  }

  put(piece: Span): void {
    if (this.#done.length >= this.#rowsMax) return;
    const width = this.#added(piece.text);
    if (this.used + width <= this.#width) return this.#add(piece, width);
    const cellsOf = this.#cellsOf;
    let part = "";
    let partWidth = 0;
    for (const grapheme of this.#pieces(piece.text)) {
      let wide = part === "" ? this.#added(grapheme) : cellsOf(grapheme);
      if (this.used + partWidth + wide > this.#width && this.used + partWidth > 0) {
        this.#add(span(part, piece.style), partWidth);
        this.next();
        if (this.#done.length >= this.#rowsMax) return;
        part = "";
        partWidth = 0;
        wide = cellsOf(grapheme);
      }
      // A character wider than the whole row can only be stood for.
      part += wide > this.#width ? "?" : grapheme;
      partWidth += Math.min(wide, this.#width);
    }
    this.#add(span(part, piece.style), partWidth);
  }

  /** One that is wider than a row comes apart. */
  #pieces(text: string): string[] {
    const all = graphemes(text);
    const fits = (grapheme: string) => this.#cellsOf(grapheme) <= this.#width;
    return all.every(fits) ? all : all.flatMap((one) => (fits(one) ? [one] : [...one]));
  }

  finish(): Line[] {
    if (this.#row.length > 0 || this.#done.length === 0) this.#done.push(this.#row);
    return this.#done;
  }

  /** What a text adds to the row's width: its beginning may join with the row's end. */
  #added(text: string): number {
    if (this.#row.length === 0 || /^[\x20-\x7e]/.test(text)) return this.#cellsOf(text);
    return lineCells([...this.#row, span(text)], this.#cellsOf) - this.used;
  }

  #add(piece: Span, width: number): void {
    if (piece.text === "") return;
    const last = this.#row.at(-1);
    if (last?.style === piece.style) this.#row[this.#row.length - 1] = joined(last, piece);
    else this.#row.push(piece);
    this.used += width;
  }
}

function joined({ text, style }: Span, next: Span): Span {
  return { text: text + next.text, style };
}

interface Token {
  space: boolean;
  pieces: Span[];
  width: number;
}

/** Words and the spaces between them; a word goes on across a change of style. */
function tokensOf(line: Line): Token[] {
  const tokens: Token[] = [];
  for (const { text, style } of line) {
    for (const part of text.match(/ +|[^ ]+/g) ?? []) {
      const space = part.startsWith(" ");
      const last = tokens.at(-1);
      if (last && last.space === space) {
        last.pieces.push(span(part, style));
        last.width += cells(part);
      } else {
        tokens.push({ space, pieces: [span(part, style)], width: cells(part) });
      }
    }
  }
  return tokens;
}
