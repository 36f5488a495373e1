/**
 * A table as rows of the screen: as wide as it is, else with its cells wrapped, and where columns
 * would be too narrow to read, as a list of `column: value`. Pure.
 */
import type { Tokens } from "marked";
import { inline, linesOf } from "./inline.ts";
import { indent, type Line, lineCells, type Span, span, wrap } from "./lines.ts";

/** Below this many columns a cell is no longer read, but spelled. */
const cellWidthMin = 10;
const between = " │ ";

export function table({ header, rows, align }: Tokens.Table, width: number): Line[] {
  const heads = header.map((cell) => flat(inline(cell.tokens, "bold")));
  const cells = rows.map((row) => row.map((cell) => flat(inline(cell.tokens))));
  const natural = heads.map((head, column) =>
    Math.max(1, lineCells(head), ...cells.map((row) => lineCells(row[column] ?? []))),
  );
  const widths = widthsFor(natural, width - between.length * (heads.length - 1));
  if (widths === null) return asList(heads, cells, width);
  const draw = (row: readonly Line[]) => drawRow(row, widths, align);
  const rule = widths.map((wide) => "─".repeat(wide)).join("─┼─");
  return [...draw(heads), [span(rule, "rule")], ...cells.flatMap(draw)];
}

/** Wide columns give way to the narrow ones; null when that is not enough. */
function widthsFor(natural: readonly number[], room: number): number[] | null {
  const least = natural.map((wide) => Math.min(wide, cellWidthMin));
  const sum = (widths: readonly number[]) => widths.reduce((all, wide) => all + wide, 0);
  if (sum(natural) <= room) return [...natural];
  if (sum(least) > room) return null;
  // The widest that any column may be, so that all of them fit.
  let most = cellWidthMin;
  while (sum(natural.map((wide) => Math.min(wide, most + 1))) <= room) most++;
  return natural.map((wide) => Math.min(wide, most));
}

function drawRow(
  row: readonly Line[],
  widths: readonly number[],
  align: Tokens.Table["align"],
): Line[] {
  const cells = widths.map((wide, column) => wrap(row[column] ?? [], wide));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, index) =>
    widths.flatMap((wide, column): Line => {
      const text = cells[column]?.[index] ?? [];
      const gap = Math.max(0, wide - lineCells(text));
      const before =
        align[column] === "right" ? gap : align[column] === "center" ? Math.floor(gap / 2) : 0;
      const last = column === widths.length - 1;
      return [
        span(" ".repeat(before)),
        ...text,
        span(last ? "" : " ".repeat(gap - before)),
        span(last ? "" : between, "rule"),
      ].filter(({ text }) => text !== "");
    }),
  );
}

function asList(
  heads: readonly Line[],
  cells: readonly (readonly Line[])[],
  width: number,
): Line[] {
  return cells.flatMap((row, index): Line[] => [
    ...(index === 0 ? [] : [[span("─".repeat(Math.min(3, width)), "rule")]]),
    ...row.flatMap((cell, column): Line[] => {
      if (cell.length === 0) return [];
      const lines = wrap([...(heads[column] ?? []), span(": ", "dim"), ...cell], width - 2);
      return indent(lines, span(""), span("  ")).map((line) => line.filter((s) => s.text !== ""));
    }),
  ]);
}

/** A cell is one line, whatever was broken in it. */
function flat(spans: Span[]): Line {
  return linesOf(spans).flatMap((line, index) => (index === 0 ? line : [span(" "), ...line]));
}
