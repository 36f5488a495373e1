/** The chooser's rows: the sessions, one a row, and the last lines of the selected one. Pure. */

import { visible } from "../../protocol/address.ts";
import { ago } from "../../protocol/duration.ts";
import { stateWords } from "../../protocol/limits.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { shortPath } from "../../system/paths.ts";
import type { Model } from "../model.ts";
import { cells, cut, filled, keepEnd, type Line, span, wrap } from "../text/lines.ts";
import type { StyleName } from "../text/theme.ts";
import { blocksOf } from "../transcript/blocks.ts";
import { textOfLine } from "../transcript/match.ts";
import { view } from "../transcript/viewport.ts";
import { sessionsOf, stateSign, waits } from "./around.ts";
import type { Chooser } from "./overlay.ts";

const title = "Sessions";
const keys = "Enter shows · x kills · r renames · c new · q leaves";
/** Fewer rows than these are no preview. */
const previewRowsMin = 4;
/** Approvals that are named under the last lines; the row above says how many there are. */
const approvalsShown = 2;

export function chooserLines(model: Model, chooser: Chooser, height: number): Line[] {
  const { columns } = model.size;
  const sessions = sessionsOf(model);
  const place = Math.max(
    0,
    sessions.findIndex(({ id }) => id === chooser.selected),
  );
  const head = [
    [span(title, "heading"), span(`  ${sessions.length}`, "dim")],
    ...wrap([span(keys, "dim")], columns),
  ];
  const room = Math.max(1, height - head.length);
  const listMax = room >= 2 * previewRowsMin ? Math.ceil(room / 2) : room;
  const rows = rowsOf(sessions);
  const at = Math.max(0, rows.indexOf(place));
  const listRows = Math.min(Math.max(1, rows.length), listMax);
  const first = Math.max(0, Math.min(at - listRows + 1, rows.length - listRows));
  const inView = rows.slice(first, first + listRows);
  const indexes = inView.filter((row) => typeof row === "number");
  // Of thousands those around decide how wide a column is.
  const from = Math.max(0, (indexes[0] ?? 0) - sessionsAround);
  const around = sessions.slice(from, (indexes.at(-1) ?? 0) + 1 + sessionsAround);
  const table = tableOf(model, around, from);
  const list = inView.map((row) =>
    typeof row === "string"
      ? cut([span(` ${visible(row)}/`, "bold")], columns)
      : rowLine(table[row - from] ?? "", sessions[row]!, row === place, columns),
  );
  const left = room - listRows;
  return [...head, ...list, ...previewLines(model, chooser, sessions[place], left)].slice(
    0,
    height,
  );
}

const sessionsAround = 200;

function rowLine(text: string, session: SessionInfo, selected: boolean, columns: number): Line {
  const style: StyleName = selected ? "selected" : styleOf(session);
  const line = cut([span(text, style)], columns);
  return selected ? filled(line, columns, style) : line;
}

function styleOf(session: SessionInfo): StyleName {
  if (waits(session)) return "approval";
  const sign = stateSign(session);
  return sign === "x" ? "bad" : sign === "z" ? "dim" : "plain";
}

/** A row each: a session by its index, and before those of a peer its name. */
function rowsOf(sessions: readonly SessionInfo[]): (number | string)[] {
  return sessions.flatMap(({ peer }, index) =>
    peer !== null && peer !== sessions[index - 1]?.peer ? [peer, index] : [index],
  );
}

const gap = "  ";
/** Where even the states have no room beside a name, each row's is cut at the edge. */
const nameColumnsMin = 8;

/**
 * What matters least goes first where the screen is narrow; the directory takes what is left. One
 * long name takes no state's place, and stands in full above the last lines.
 */
function tableOf(model: Model, sessions: readonly SessionInfo[], first: number): string[] {
  const shown = model.transcript.session?.id;
  const column = (
    text: (session: SessionInfo, index: number) => string,
    widthMax = model.size.columns,
  ) => {
    const texts = sessions.map((session, index) =>
      textOfLine(cut([span(visible(text(session, index)))], widthMax)),
    );
    const width = Math.max(0, ...texts.map(cells));
    return texts.map((one) => one + " ".repeat(width - cells(one)));
  };
  const numbers = column(
    ({ id }, index) =>
      `${id === shown ? "*" : id === model.around.last ? "-" : " "}${first + index}`,
  );
  const states = column((session) => stateOf(session, model.now));
  const room = model.size.columns - width([numbers, states]) - gap.length;
  // A peer's sessions stand below its own name.
  const names = column(
    ({ name, peer }) => (peer === null ? name : `  ${name.slice(peer.length + 1)}`),
    Math.max(nameColumnsMin, room),
  );
  const more = [
    column(({ activeAt }) => ago(activeAt, model.now, "m")),
    column((session) => (session.labels.demo ? "demo model" : (session.model ?? ""))),
    column(({ clients }) =>
      clients === 0 ? "" : clients === 1 ? "1 client" : `${clients} clients`,
    ),
  ];
  const kept = [numbers, names, states];
  for (const texts of more) {
    if (width([...kept, texts]) <= model.size.columns) kept.push(texts);
  }
  const left = model.size.columns - width(kept);
  if (left >= 8) {
    const pathOf = ({ cwd, peer }: SessionInfo) =>
      peer === null ? shortPath(cwd, model.around.home) : cwd;
    kept.push(sessions.map((session) => keepEnd(visible(pathOf(session)), left)));
  }
  return sessions.map((_, index) => kept.map((texts) => texts[index]).join(gap));
}

/** With the gap behind each. */
function width(columns: string[][]): number {
  return columns.reduce((sum, texts) => sum + cells(texts[0] ?? "") + gap.length, 0);
}

function stateOf(session: SessionInfo, now: number): string {
  const { approvals, queued, unreachableSince, stalledSince, frozenSince } = session;
  const state = stateWords(session);
  if (unreachableSince !== undefined) return `${state} since ${ago(unreachableSince, now, "m")}`;
  if (stalledSince !== undefined) return `${state}, stalled since ${ago(stalledSince, now, "m")}`;
  if (frozenSince !== undefined) return `frozen since ${ago(frozenSince, now, "m")}`;
  const count = approvals > 1 ? ` (${approvals})` : "";
  return state + count + (queued > 0 ? ` +${queued}` : "");
}

function previewLines(
  model: Model,
  { preview }: Chooser,
  session: SessionInfo | undefined,
  height: number,
): Line[] {
  if (height < previewRowsMin || session === undefined) return [];
  const { columns } = model.size;
  const name = ` ${visible(session.name)} `;
  const rule = [span("──", "rule"), span(name, "bold")];
  const rest = "─".repeat(Math.max(0, columns - cells(name) - 2));
  const head = cut([...rule, span(rest, "rule")], columns);
  // The shown session is its own preview.
  const seen = [model, preview].find((one) => one?.transcript.session?.id === session.id);
  if (!seen) return [head];
  const asked = seen.transcript.approvals.slice(0, approvalsShown).map(({ command, kind }) => {
    const what = visible((command ?? kind).split("\n")[0] ?? "");
    return cut([span("? ", "approval"), span(what, "approval")], columns);
  });
  const room = height - 1 - asked.length;
  const { rows } = view(blocksOf({ ...seen, size: model.size }), null, room);
  return [head, ...rows, ...asked];
}
