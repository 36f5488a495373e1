/** The dashboard as a function of its model: as many rows as the terminal has. Pure. */
import { visible } from "../../protocol/address.ts";
import { type ApprovalPanel, approvalPanel } from "../approvals/approval-panel.ts";
import { KEYMAP, keyName } from "../keymap.ts";
import { countText } from "../text/amounts.ts";
import {
  cells,
  cut,
  filled,
  indent,
  type Line,
  lineCells,
  type Span,
  span,
  wrap,
} from "../text/lines.ts";
import { sparkline } from "../text/sparkline.ts";
import type { StyleName } from "../text/theme.ts";
import { selectedOf, type TopModel } from "./model.ts";
import { conditionOf, rowsOf, type TopRow, tokensNow } from "./order.ts";
import { cardLines, rowsPerSession, tableColumnsMin, tableLines } from "./table.ts";

export function topScreenOf(model: TopModel): Line[] {
  const { columns, rows } = model.size;
  const { dialog } = model;
  if (dialog?.kind === "help") {
    const all = topHelpLines(columns);
    const height = Math.max(1, rows - 1);
    const shown = all.slice(dialog.row, dialog.row + height);
    const more = dialog.row + height < all.length ? "▼ more below · " : "";
    return framed(shown, bar(`${more}Esc leaves`, "status", columns), model);
  }
  const { listRows, titled } = layoutOf(model);
  const sorted = rowsOf(model);
  const { first, inView } = windowOf(model, sorted);
  const shown = sorted.slice(first, first + inView);
  const list = listOf(model, sorted, shown);
  const body = [
    header(model, sorted),
    ...(titled ? [list.title] : []),
    ...padRows(list.lines, listRows),
    ...askedLines(model),
  ];
  return framed(body, footer(model, sorted.length, first, inView), model);
}

/** Which of the sessions are in view. */
function windowOf(model: TopModel, sorted: readonly TopRow[]): { first: number; inView: number } {
  const inView = rowsInView(model);
  const place = sorted.findIndex(({ session }) => session.id === model.selected);
  return { first: Math.max(0, Math.min(place - inView + 1, sorted.length - inView)), inView };
}

/** The session that is drawn at a row of the screen. */
export function sessionAt(model: TopModel, y: number): TopRow | undefined {
  const { listRows, titled } = layoutOf(model);
  const row = y - 1 - (titled ? 1 : 0);
  if (row < 0 || row >= listRows || model.dialog !== null) return undefined;
  const sorted = rowsOf(model);
  const { first, inView } = windowOf(model, sorted);
  const place = Math.floor(row / rowsPerSession(model.size.columns));
  return place < inView ? sorted[first + place] : undefined;
}

function framed(body: readonly Line[], foot: Line, { size }: TopModel): Line[] {
  return [...padRows(body, size.rows - 1), foot].map((line) => cut(line, size.columns));
}

/** Exactly `height` rows. */
function padRows(lines: readonly Line[], height: number): Line[] {
  const missing = Math.max(0, height - lines.length);
  return [...lines.slice(0, Math.max(0, height)), ...Array<Line>(missing).fill([])];
}

interface TopLayout {
  titled: boolean;
  listRows: number;
  /** What the prompt may take, the row above it left out. */
  panelRows: number;
}

/** Fewer rows than these have none to spare for titles. */
const titledRowsMin = 10;

function layoutOf(model: TopModel): TopLayout {
  const { columns, rows } = model.size;
  const titled = columns >= tableColumnsMin && rows >= titledRowsMin;
  const body = Math.max(1, rows - 2 - (titled ? 1 : 0));
  if (model.asked === null) return { titled, listRows: body, panelRows: 0 };
  const per = rowsPerSession(columns);
  const wanted = Math.max(1, model.sessions?.length ?? 0) * per;
  // Whoever answers sees as much of the prompt as there is room for; else the list has half.
  const least = model.asked.dialog === null ? Math.min(wanted, Math.ceil(body / 2)) : per;
  const panelMax = Math.max(0, body - least - 1);
  const panelRows = panelFor(model, panelMax)?.rows.length ?? 0;
  return { titled, listRows: Math.max(per, body - panelRows - 1), panelRows };
}

function panelFor({ asked, size }: TopModel, rowsMax: number): ApprovalPanel | null {
  if (asked === null) return null;
  return approvalPanel({ ...asked, size }, rowsMax, {
    open: [span("Tab", "key"), span(" to answer", "dim")],
    leave: [span("Esc", "key"), span(" back", "dim")],
  });
}

/** What waits in the selected session, as it is drawn. */
export function panelOf(model: TopModel): ApprovalPanel | null {
  return panelFor(model, layoutOf(model).panelRows);
}

/** How many sessions a page has. */
export function rowsInView(model: TopModel): number {
  return Math.max(1, Math.floor(layoutOf(model).listRows / rowsPerSession(model.size.columns)));
}

function listOf(
  model: TopModel,
  sorted: readonly TopRow[],
  shown: readonly TopRow[],
): { title: Line; lines: Line[] } {
  const { columns } = model.size;
  if (model.sessions === null) return { title: [], lines: [[span("asking the daemon…", "dim")]] };
  if (sorted.length === 0) {
    const none = "No sessions yet. Make one with: hacs-session new";
    return { title: [], lines: wrap([span(none, "dim")], columns) };
  }
  if (columns < tableColumnsMin) {
    return { title: [], lines: cardLines(sorted, shown, model.selected, columns, model) };
  }
  return tableLines(sorted, shown, model.selected, columns, model);
}

function askedLines(model: TopModel): Line[] {
  const panel = panelOf(model);
  const session = selectedOf(model);
  if (panel === null || session === undefined) return [];
  const name = ` ${visible(session.name)} `;
  const rest = "─".repeat(Math.max(0, model.size.columns - cells(name) - 2));
  return [[span("──", "rule"), span(name, "bold"), span(rest, "rule")], ...panel.rows];
}

/** The sums: what wants a person stands out, and what fits is said. */
function header(model: TopModel, rows: readonly TopRow[]): Line {
  const { columns } = model.size;
  if (model.away) {
    const texts = ["the daemon is away; reconnecting…", "daemon away…"];
    const text = texts.find((one) => cells(one) <= columns) ?? "";
    return [span(text, "warning")];
  }
  if (model.sessions === null) return [span("hacs-session top", "heading")];
  const sum = rows.reduce((all, { session }) => all + tokensNow(session), 0);
  const wide = [
    span(`${sparkline(sums(rows), Math.min(30, columns - 88))} `, "code"),
    span(`${countText(sum)} tokens/min`, "bold"),
  ];
  const right: Line = columns >= 100 ? wide : [span(`${countText(sum)} tok/min`, "bold")];
  const room = columns - lineCells(right) - 2;
  const title = span("hacs-session top  ", "heading");
  const states = statesOf(rows, (word) => word);
  const short = statesOf(rows, (word) => (word === "needs-approval" ? "asks" : word));
  // What rests goes first where there is room for a part.
  const parts = short.map((_, index) => short.slice(0, short.length - index));
  const lefts = [[title, ...joined(states)], ...[states, ...parts].map(joined)];
  const left = lefts.find((one) => lineCells(one) <= room) ?? [];
  return [...filled(left, room + 2), ...right];
}

const stateStyles: Partial<Record<string, StyleName>> = {
  "needs-approval": "approval",
  stalled: "bad",
  crashed: "bad",
  unreachable: "bad",
  frozen: "bad",
  working: "good",
};

/** How many there are of each state, the most urgent first. */
function statesOf(rows: readonly TopRow[], word: (state: string) => string): Span[] {
  const order = rowsOf({ sessions: rows.map(({ session }) => session), sort: "state" });
  const states = order.map(({ session }) => conditionOf(session));
  return [...new Set(states)].map((state) => {
    const count = states.filter((one) => one === state).length;
    return span(`${count} ${word(state)}`, stateStyles[state] ?? "plain");
  });
}

function joined(parts: readonly Span[]): Line {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [span(" · ", "dim"), part]));
}

/** Of all sessions, minute by minute. */
function sums(rows: readonly TopRow[]): number[] {
  return rows.reduce<number[]>(
    (all, { session }) => session.tokensPerMinute.map((count, i) => count + (all[i] ?? 0)),
    [],
  );
}

function footer(model: TopModel, count: number, first: number, inView: number): Line {
  const { columns } = model.size;
  const { dialog, notice } = model;
  if (dialog?.kind === "interrupt") {
    return bar(`interrupt ${visible(dialog.name)}? (y/n)`, "statusAlert", columns);
  }
  if (notice !== null) return bar(visible(notice.text), "statusAlert", columns);
  if (model.prefix) return bar(`${keyName(model.around.prefix)} …`, "statusAlert", columns);
  const where = count > inView ? `${first + 1}-${Math.min(count, first + inView)} of ${count}` : "";
  const keys = [
    `Enter attaches · Tab answers · i interrupts · s sort: ${model.sort} · ? keys · q quits`,
    `Enter · Tab answers · s: ${model.sort} · ? · q`,
    "Enter · Tab · s · i · ? · q",
  ];
  if (model.asked?.dialog) return bar("Esc back to the sessions", "status", columns);
  const room = columns - (where === "" ? 0 : cells(where) + 2);
  const text = keys.find((one) => cells(one) <= room) ?? "";
  const gap = Math.max(0, columns - cells(text) - cells(where));
  return bar(text + " ".repeat(gap) + where, "status", columns);
}

function bar(text: string, style: StyleName, columns: number): Line {
  const line = cut([span(text, style)], columns);
  return [...line, span(" ".repeat(Math.max(0, columns - lineCells(line))), style)];
}

function topHelpLines(columns: number): Line[] {
  const width = columns < 60 ? 13 : 23;
  const rows: Line[] = [[span("Keys", "heading")]];
  const add = (keys: string, about: string) => {
    const text = wrap([span(about)], Math.max(8, columns - width - 1));
    rows.push(...indent(text, span(`${keys.padEnd(width)} `, "key"), span(" ".repeat(width + 1))));
  };
  for (const { keys, about } of KEYMAP.top) {
    if (about === undefined) continue;
    // Ten digits are said by their first.
    const several = columns >= 60 && keys.length <= 3;
    add(
      keys
        .slice(0, several ? 3 : 1)
        .map(keyName)
        .join(", "),
      about,
    );
  }
  const say = (text: string) => rows.push([], ...wrap([span(text, "dim")], columns));
  say("A click selects a session, and attaches to the selected one.");
  say(
    "A prompt takes no key until Tab gives it the keyboard, and not in its first moment on the screen; Enter never answers.",
  );
  say(
    "Tokens are those of the last minute, what codex had cached left out; the bars are the last half hour and the last turns' times, each beside its own greatest.",
  );
  return rows;
}

/** How far the help scrolls. */
export function helpRowMaxOf({ size }: TopModel): number {
  return Math.max(0, topHelpLines(size.columns).length - Math.max(1, size.rows - 1));
}
