/**
 * A session a row, where there is room for a table; two rows a session where there is not. What
 * matters least goes first, and what is left widens the bars, the action and the directory. Pure.
 */
import { visible } from "../../protocol/address.ts";
import { cells, cut, filled, type Line, lineCells, type Span, span } from "../text/lines.ts";
import type { Seen } from "./cells.ts";
import * as cell from "./cells.ts";
import type { TopRow } from "./order.ts";

/** Narrower screens have two rows a session. */
export const tableColumnsMin = 60;

export function rowsPerSession(columns: number): number {
  return columns < tableColumnsMin ? 2 : 1;
}

interface Column {
  title: string;
  width: number;
  right?: true;
  draw: (row: TopRow, width: number) => Line;
}

const gap = "  ";
/** The share of the screen that a name may take. */
const nameShareMax = 0.18;
const modelColumnsMax = 24;

/** The title, and a line for each that is in view; `all` have their say in how wide things are. */
export function tableLines(
  all: readonly TopRow[],
  shown: readonly TopRow[],
  selected: string | null,
  columns: number,
  seen: Seen,
): { title: Line; lines: Line[] } {
  const table = columnsFor(all, columns, seen);
  const title = table.flatMap(({ title: text, width, right }) => [
    span(gap),
    ...cell.padded(span(text, "dim"), width, right),
  ]);
  const lines = shown.map((row) => {
    const chosen = row.session.id === selected;
    const drawn = table.flatMap(({ width, draw }) => [span(gap), ...draw(row, width)]);
    return cut([...head(row, all, chosen), ...drawn], columns);
  });
  const lead = " ".repeat(headColumns(all));
  return { title: cut([span(lead), ...title], columns), lines };
}

/** The mark of the selected one, which is seen without colours too, and the number. */
function head({ number }: TopRow, rows: readonly TopRow[], chosen: boolean): Line {
  const digits = headColumns(rows) - 2;
  return [
    span(chosen ? "▸ " : "  ", "prompt"),
    span(String(number).padStart(digits), chosen ? "bold" : "dim"),
  ];
}

function headColumns(rows: readonly TopRow[]): number {
  return 2 + String(Math.max(0, ...rows.map(({ number }) => number))).length;
}

function columnsFor(rows: readonly TopRow[], columns: number, seen: Seen): Column[] {
  const widest = (draw: (row: TopRow) => Span, title: string, max = columns) =>
    Math.min(max, Math.max(cells(title), ...rows.map((row) => cells(draw(row).text))));
  const plain =
    (draw: (row: TopRow, seen: Seen) => Span, right = false) =>
    (row: TopRow, width: number) =>
      cell.padded(draw(row, seen), width, right);
  const name: Column = {
    title: "NAME",
    width: widest(
      ({ session }) => span(visible(session.name)),
      "NAME",
      Math.floor(columns * nameShareMax),
    ),
    draw: plain(nameOf),
  };
  const state: Column = {
    title: "STATE",
    width: widest((row) => cell.state(row, seen), "STATE"),
    draw: plain(cell.state),
  };
  const action: Column = { title: "ACTION", width: 13, draw: plain(cell.action) };
  const since: Column = { title: "FOR", width: 5, right: true, draw: plain(cell.elapsed, true) };
  const tokens: Column = { title: "TOK/M", width: 5, right: true, draw: plain(cell.tokens, true) };
  const tokenBars: Column = { title: "30 MIN", width: 6, draw: bars(cell.tokenBars) };
  const turnBars: Column = { title: "TURNS", width: 6, draw: bars(cell.turnBars) };
  const lastTurn: Column = {
    title: "LAST",
    width: 5,
    right: true,
    draw: plain(cell.lastTurn, true),
  };
  const model: Column = {
    title: "MODEL",
    width: widest(cell.model, "MODEL", modelColumnsMax),
    draw: plain(cell.model),
  };
  const directory: Column = {
    title: "DIRECTORY",
    width: 12,
    draw: (row, width) => cell.paddedPath(cell.directory(row, seen), width),
  };
  // As they stand, and the last of them goes first.
  const all = [name, state, since, action, tokens, tokenBars, turnBars, lastTurn, model, directory];
  let left = columns - headColumns(rows);
  const kept = new Set<Column>();
  for (const column of all) {
    if (column.width + gap.length > left) break;
    left -= column.width + gap.length;
    kept.add(column);
  }
  const grow = (column: Column, width: number) => {
    if (!kept.has(column)) return;
    const more = Math.max(0, Math.min(left, width - column.width));
    column.width += more;
    left -= more;
  };
  const needs = widest(cell.action, "ACTION");
  grow(action, Math.min(needs, 30));
  grow(tokenBars, 30);
  grow(turnBars, 20);
  grow(action, needs);
  grow(
    directory,
    widest((row) => cell.directory(row, seen), "DIRECTORY"),
  );
  return all.filter((column) => kept.has(column));
}

function bars(draw: (row: TopRow, width: number) => Span): Column["draw"] {
  return (row, width) => cell.padded(draw(row, width), width);
}

function nameOf({ session }: TopRow): Span {
  return span(visible(session.name), session.waiting.length > 0 ? "approval" : "bold");
}

/** On a phone: who, how and for how long, and below it what and how busily. */
export function cardLines(
  all: readonly TopRow[],
  shown: readonly TopRow[],
  selected: string | null,
  columns: number,
  seen: Seen,
): Line[] {
  return shown.flatMap((row) => {
    const chosen = row.session.id === selected;
    const lead = head(row, all, chosen);
    const indent = span(" ".repeat(lineCells(lead) + 1));
    const time = cell.elapsed(row, seen);
    const first = [...lead, span(" "), nameOf(row), span("  "), cell.state(row, seen)];
    return [
      spread(first, [time], columns),
      spread([indent, ...about(row, seen)], busyness(row, columns), columns),
    ];
  });
}

/** What it does; while it does nothing, where it is. */
function about(row: TopRow, seen: Seen): Line {
  const doing = cell.action(row);
  return [doing.text === "" ? cell.directory(row, seen) : doing];
}

/** Nothing where nothing was, so that what it does has the room. */
function busyness(row: TopRow, columns: number): Line {
  const width = columns < 40 ? 4 : 6;
  const used = cell.tokenBars(row, width);
  const turns = cell.turnBars(row, width);
  const some = used.text !== "";
  return [
    ...(some ? [cell.tokens(row), span(" "), ...cell.padded(used, width), span(" ")] : []),
    ...(some || row.session.turnsMs.length > 0 ? cell.padded(turns, width, true) : []),
  ];
}

/** The one at the left, cut if need be, the other at the right. */
function spread(left: Line, right: Line, columns: number): Line {
  const room = Math.max(0, columns - lineCells(right) - 1);
  return cut([...filled(cut(left, room), room), span(" "), ...right], columns);
}
