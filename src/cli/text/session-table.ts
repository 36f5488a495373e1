/**
 * The table of `ls`. On a terminal that is too narrow for it, columns go in the order of
 * `DROPPED`, and the directory loses its beginning. A name is never cut: people type it.
 */
import { visible } from "../../protocol/address.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { Context } from "../context.ts";
import { ago } from "./times.ts";
import { keepEnd, measureFor, padTo } from "./width.ts";

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

/** The lines of the table, the header first; `columns` is Infinity where nothing is to be cut. */
export async function sessionTable(
  sessions: readonly SessionInfo[],
  columns: number,
  context: Pick<Context, "paint" | "env">,
  nowMs?: number,
): Promise<string[]> {
  const all = columnsOf(sessions, context.env.HOME, nowMs);
  const widthOf = await measureFor(all.flatMap(({ cells }) => cells));
  for (const column of all)
    column.columns = Math.max(...[column.title, ...column.cells].map(widthOf));
  const kept = fitting(all, columns);
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
    column("STATE", stateText, ({ state }) => STATE_STYLES[state]),
    column("MODEL", ({ model }) => model ?? "-"),
    column("DIRECTORY", ({ cwd }) => shortPath(cwd, home)),
    column("CLIENTS", ({ clients }) => String(clients)),
    column("WAITING", ({ approvals }) => String(approvals)),
    column(
      "LAST ACTIVITY",
      ({ activeAt }) => ago(activeAt, nowMs),
      () => "dim",
    ),
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
export function stateText({ state, labels }: SessionInfo): string {
  return labels.demo ? `${state} (demo)` : state;
}

export function shortPath(path: string, home: string | undefined): string {
  if (!home || home === "/" || (path !== home && !path.startsWith(`${home}/`))) return path;
  return `~${path.slice(home.length)}`;
}

const STATE_STYLES: Partial<Record<string, Style>> = {
  working: "cyan",
  idle: "green",
  "needs-approval": "yellow",
  crashed: "red",
  unreachable: "red",
  ended: "dim",
  asleep: "dim",
};
