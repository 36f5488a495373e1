/**
 * The table of `ls`. On a terminal that is too narrow for it, columns go in the order of
 * `DROPPED`, and the directory loses its beginning; where even that does not fit, a session has
 * two lines. A name is never cut: people type it.
 */

import { visible } from "../../protocol/address.ts";
import { ago } from "../../protocol/duration.ts";
import { stateWords } from "../../protocol/limits.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { shortPath } from "../../system/paths.ts";
import type { Context } from "../context.ts";
import { keepEnd, type Measure, measureFor, padTo } from "./width.ts";

type Style = Parameters<Context["paint"]>[0];

interface Column {
  title: string;
  cells: string[];
  styles?: (Style | undefined)[];
  columns: number;
}

const gap = "  ";
const directoryColumnsMin = 14;
const DROPPED = ["CLIENTS", "MODEL", "WAITING", "DIRECTORY", "LAST ACTIVITY"];

/** What the archive does not tell of a session. */
const UNKNOWN = ["STATE", "CLIENTS", "WAITING"];

export interface TableOptions {
  /** Infinity where nothing is to be cut. */
  columns: number;
  /** With the sessions' ids, which tell namesakes apart. */
  ids?: boolean;
  /** They are in the archive: what they are doing is not known. */
  archived?: boolean;
  nowMs?: number;
}

/** The lines of the table, the header first. Where it is too narrow for one, `stackedLines`. */
export async function sessionTable(
  sessions: readonly SessionInfo[],
  { columns, ids = false, archived = false, nowMs }: TableOptions,
  context: Pick<Context, "paint" | "env">,
): Promise<string[]> {
  const left = new Set([...(ids ? [] : ["ID"]), ...(archived ? UNKNOWN : [])]);
  const all = columnsOf(sessions, context.env.HOME, nowMs).filter(({ title }) => !left.has(title));
  const widthOf = await measureFor(all.flatMap(({ cells }) => cells));
  for (const column of all)
    column.columns = Math.max(...[column.title, ...column.cells].map(widthOf));
  const kept = fitting(all, columns);
  if (!kept.some(({ title }) => title === "DIRECTORY"))
    return sessions.flatMap((session, place) =>
      stackedLines(session, place, all, columns, context, widthOf),
    );
  const row = (
    textOf: (column: Column) => string,
    styleOf: (column: Column) => Style | undefined,
  ) =>
    kept
      .map((column) => {
        const text = keepEnd(textOf(column), column.columns, widthOf);
        const padded = column === kept.at(-1) ? text : padTo(text, column.columns, widthOf);
        const style = styleOf(column);
        return style ? context.paint(style, padded) : padded;
      })
      .join(gap);
  return [
    row(
      ({ title }) => title,
      () => undefined,
    ),
    ...sessions.map((_, place) =>
      row(
        ({ cells }) => cells[place]!,
        ({ styles }) => styles?.[place],
      ),
    ),
  ];
}

/** On a phone: what is asked about a session first, and below it where it is and how it goes. */
function stackedLines(
  { approvals, clients }: SessionInfo,
  place: number,
  all: readonly Column[],
  columns: number,
  context: Pick<Context, "paint">,
  widthOf: Measure,
): string[] {
  const cell = (title: string) => all.find((column) => column.title === title)?.cells[place] ?? "";
  const painted = (title: string) => {
    const style = all.find((column) => column.title === title)?.styles?.[place];
    return style ? context.paint(style, cell(title)) : cell(title);
  };
  const counts = [
    approvals > 0 ? `${approvals} waiting` : "",
    clients > 0 ? `${clients} attached` : "",
  ].filter((text) => text !== "");
  const head = [painted("NAME"), painted("STATE")].join(gap);
  const headColumns = widthOf([cell("NAME"), cell("STATE")].join(gap));
  const told = counts.join(", ");
  const fits = headColumns + gap.length + told.length <= columns;
  const room = Math.max(1, columns - 2 * gap.length - cell("LAST ACTIVITY").length);
  const model = cell("MODEL");
  const beside = model !== "-" && room - gap.length - widthOf(model) >= directoryColumnsMin;
  const directory = keepEnd(
    cell("DIRECTORY"),
    beside ? room - gap.length - widthOf(model) : room,
    widthOf,
  );
  const body = [directory, ...(beside ? [model] : []), painted("LAST ACTIVITY")];
  return [
    told !== "" && fits ? head + gap + told : head,
    ...(told !== "" && !fits ? [gap + told] : []),
    gap + body.join(gap),
    ...(cell("ID") === "" ? [] : [gap + cell("ID")]),
  ];
}

function columnsOf(
  sessions: readonly SessionInfo[],
  home: string | undefined,
  nowMs: number | undefined,
): Column[] {
  const column = (
    title: string,
    text: (session: SessionInfo) => string,
    style?: (session: SessionInfo) => Style | undefined,
  ): Column => ({
    title,
    cells: sessions.map((session) => visible(text(session))),
    ...(style ? { styles: sessions.map(style) } : {}),
    columns: 0,
  });
  return [
    column(
      "NAME",
      ({ name }) => name,
      () => "bold",
    ),
    column(
      "STATE",
      (session) => stateText(session, nowMs),
      ({ state }) => STATE_STYLES[state],
    ),
    column("MODEL", ({ model }) => model ?? "-"),
    column("DIRECTORY", ({ cwd }) => shortPath(cwd, home)),
    column("CLIENTS", ({ clients }) => String(clients)),
    column("WAITING", ({ approvals }) => String(approvals)),
    column(
      "LAST ACTIVITY",
      ({ activeAt }) => ago(activeAt, nowMs),
      () => "dim",
    ),
    column("ID", ({ id }) => id),
  ];
}

/** Drops columns until the rest fits; a directory that stays gets what the others leave it. */
function fitting(all: Column[], columns: number): Column[] {
  const directory = all.find(({ title }) => title === "DIRECTORY")!;
  const least = Math.min(directory.columns, directoryColumnsMin);
  const total = (kept: Column[], directoryColumns: number) =>
    kept.reduce(
      (sum, column) => sum + (column === directory ? directoryColumns : column.columns),
      0,
    ) +
    gap.length * (kept.length - 1);
  let kept = all;
  for (const title of DROPPED) {
    if (total(kept, least) <= columns) break;
    kept = kept.filter((column) => column.title !== title);
  }
  directory.columns = Math.max(least, Math.min(directory.columns, columns - total(kept, 0)));
  return kept;
}

/** A session's state for people: what answers from the embedded model says so. */
export function stateText(session: SessionInfo, nowMs?: number): string {
  const { labels, unreachableSince, stalledSince, frozenSince } = session;
  const state = stateWords(session);
  const since = (word: string, time: string | undefined) =>
    time === undefined ? "" : `${word} since ${ago(time, nowMs)}`;
  const more =
    since("", unreachableSince) ||
    since(", stalled", stalledSince) ||
    since(", frozen", frozenSince);
  return labels.demo ? `${state}${more} (demo)` : state + more;
}

const STATE_STYLES: Partial<Record<string, Style>> = {
  working: "cyan",
  idle: "green",
  "needs-approval": "yellow",
  crashed: "red",
  unreachable: "red",
  queued: "dim",
  ended: "dim",
  asleep: "dim",
};
