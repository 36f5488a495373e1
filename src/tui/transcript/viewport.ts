/**
 * Which rows of the transcript are on the screen. Invariants: only the blocks in view are drawn,
 * so a frame costs the same however long the history is; and a reader who scrolled up holds an
 * anchor, the first row on the screen by its block's key, so neither what arrives below nor what
 * is loaded above moves it.
 */
import type { Line } from "../text/lines.ts";

/** Blocks of rows, oldest first. `find` gives -1 for a key that is gone. */
export interface Blocks {
  count: number;
  /** How many blocks at the start are no history, and stay at the start when it grows. */
  head: number;
  key(index: number): string;
  lines(index: number): readonly Line[];
  find(key: string): number;
}

/** The first row on the screen, counted from its block's; null follows the end. */
export type Anchor = { key: string; row: number } | null;

export interface View {
  rows: Line[];
  /** True: the first, or the last, row there is can be seen. */
  atStart: boolean;
  atEnd: boolean;
  /** The block and the row within it of each of `rows`. */
  places: Position[];
  /** How many blocks begin below the last row. */
  below: number;
}

/** A row by its block and its place in it. */
export type Position = { index: number; row: number };

export function view(blocks: Blocks, anchor: Anchor, height: number): View {
  const end = fromEnd(blocks, height);
  const top = topOf(blocks, anchor, end);
  const rows: Line[] = [];
  const places: Position[] = [];
  let index = top.index;
  for (; index < blocks.count && rows.length < height; index++) {
    const lines = blocks.lines(index);
    let row = index === top.index ? top.row : 0;
    for (; row < lines.length && rows.length < height; row++) {
      rows.push(lines[row]!);
      places.push({ index, row });
    }
  }
  const first = forward(blocks, { index: 0, row: 0 }, 0);
  const atEnd = compare(top, end) >= 0;
  // A block of which only the blank row before it is in view is still below.
  const begun = places.at(-1)?.row === 0 ? 1 : 0;
  const below = atEnd ? 0 : blocks.count - index + begun;
  return { rows, atStart: compare(top, first) <= 0, atEnd, places, below };
}

/** Puts a row a third down the screen, or where it is if the screen shows the end with it. */
export function reveal(blocks: Blocks, place: Position, height: number): Exclude<Anchor, null> {
  const top = back(blocks, place, Math.floor(height / 3));
  const end = fromEnd(blocks, height);
  return anchorAt(blocks, compare(top, end) < 0 ? top : end);
}

/** Moves by rows, up when negative. Reaching the end gives null: the screen follows again. */
export function scroll(blocks: Blocks, anchor: Anchor, height: number, rows: number): Anchor {
  const end = fromEnd(blocks, height);
  const top = topOf(blocks, anchor, end);
  const next = rows < 0 ? back(blocks, top, -rows) : forward(blocks, top, rows);
  if (compare(next, end) >= 0) return null;
  return anchorAt(blocks, next);
}

export function toStart(blocks: Blocks, height: number): Anchor {
  const first = forward(blocks, { index: 0, row: 0 }, 0);
  if (compare(first, fromEnd(blocks, height)) >= 0) return null;
  return anchorAt(blocks, first);
}

/** A place in the head is held by the block after it, as so many rows above. */
function anchorAt(blocks: Blocks, { index, row }: Position): Exclude<Anchor, null> {
  if (index >= blocks.head || blocks.head >= blocks.count) return { key: blocks.key(index), row };
  let above = -row;
  for (let between = index; between < blocks.head; between++) above += blocks.lines(between).length;
  return { key: blocks.key(blocks.head), row: -above };
}

/** Where the screen begins when it shows the end. */
function fromEnd(blocks: Blocks, height: number): Position {
  return back(blocks, { index: blocks.count, row: 0 }, height);
}

function topOf(blocks: Blocks, anchor: Anchor, end: Position): Position {
  if (anchor === null) return end;
  const index = blocks.find(anchor.key);
  if (index === -1) return end;
  // A narrower or wider screen has other rows; the anchor stays within its block.
  const rows = blocks.lines(index).length;
  const top =
    anchor.row < 0
      ? back(blocks, { index, row: 0 }, -anchor.row)
      : { index, row: Math.max(0, Math.min(anchor.row, rows - 1)) };
  return compare(top, end) < 0 ? top : end;
}

function back(blocks: Blocks, from: Position, rows: number): Position {
  let { index, row } = from;
  let left = rows;
  while (left > 0) {
    if (row >= left) return { index, row: row - left };
    left -= row;
    if (index === 0) return forward(blocks, { index: 0, row: 0 }, 0);
    index--;
    row = blocks.lines(index).length;
  }
  return forward(blocks, { index, row }, 0);
}

function forward(blocks: Blocks, from: Position, rows: number): Position {
  let { index, row } = from;
  row += rows;
  while (index < blocks.count) {
    const length = blocks.lines(index).length;
    if (row < length) break;
    row -= length;
    index++;
  }
  return index >= blocks.count ? { index: blocks.count, row: 0 } : { index, row };
}

function compare(a: Position, b: Position): number {
  return a.index - b.index || a.row - b.row;
}
