/**
 * The sessions in the status line, as tmux lists windows: `0 api*  1 web!  2 docs-`. The shown
 * one has a star, the one before it a minus, and a sign says what a session does. One that waits
 * for an approval stands out, and on a narrow screen is what is left. Pure.
 */
import { visible } from "../../protocol/address.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { Model } from "../model.ts";
import { cells, type Line, lineCells, type Span, span } from "../text/lines.ts";
import { nextWaiting, sessionsOf, stateSign, waits } from "./around.ts";

/** Narrower screens have no list. */
const listColumnsMin = 60;

/** All of them, or a part around the shown one; nothing where not even two have room. */
export function sessionsInStatus(model: Model, room: number): Line {
  const sessions = sessionsOf(model);
  if (sessions.length < 2 || model.size.columns < listColumnsMin) return [];
  const id = model.transcript.session?.id;
  const place = Math.max(
    0,
    sessions.findIndex((session) => session.id === id),
  );
  // Of thousands only those are written out that can have room.
  const reach = Math.ceil(room / entryCellsMin);
  const first = Math.max(0, place - reach);
  const entries = sessions
    .slice(first, place + reach)
    .map((session, index) => entry(session, first + index, id, model.around.last));
  const whole = joined(entries);
  if (entries.length === sessions.length && lineCells(whole) <= room) return whole;
  const { line, from, to } = windowed(entries, place - first, room, {
    before: first,
    after: sessions.length - first - entries.length,
  });
  // A part of the list that hides who waits says less than who waits.
  const hides = sessions.some(
    (session, index) =>
      waits(session) && session.id !== id && (index < first + from || index >= first + to),
  );
  return hides || to - from < 2 ? [] : line;
}

/** The others that wait for an approval: by name while there is room, then how many. */
export function waitingSessions(model: Model, room: number): Line {
  const id = model.transcript.session?.id;
  const others = sessionsOf(model).filter((session) => session.id !== id && waits(session));
  if (others.length === 0) return [];
  const names = others.map(({ name }) => `${visible(name)}!`).join(" ");
  const texts = [names, `${others.length} wait!`, `${others.length}!`];
  const text = texts.find((one) => cells(one) <= room);
  return text === undefined ? [] : [span(text, "statusWaits")];
}

/** The session that an entry of the list, at a column of the status line, stands for. */
export function sessionInStatus(model: Model, line: Line, x: number): SessionInfo | undefined {
  let end = 0;
  // The line begins with the shown session's own part; an entry begins with its number.
  const found = line.slice(1).find(({ text }, index) => {
    end += cells(index === 0 ? `${line[0]?.text}${text}` : text);
    return x < end && x >= end - cells(text);
  });
  if (found === undefined) return undefined;
  const number = /^(\d+) /.exec(found.text)?.[1];
  if (number !== undefined) return sessionsOf(model)[Number(number)];
  return found.style === "statusWaits" ? nextWaiting(model) : undefined;
}

/** A number, a letter and two spaces. */
const entryCellsMin = 4;

function entry(
  session: SessionInfo,
  index: number,
  shown: string | undefined,
  last: string | null,
): Span {
  const place = session.id === shown ? "*" : session.id === last ? "-" : "";
  const text = `${index} ${visible(session.name)}${stateSign(session)}${place}`;
  if (waits(session)) return span(text, "statusWaits");
  return span(text, session.id === shown ? "statusAlert" : "status");
}

function joined(entries: readonly Span[]): Span[] {
  return entries.flatMap((one, index) => (index === 0 ? [one] : [span("  ", "status"), one]));
}

/** As many as fit beside the shown one, with arrows where more are. */
function windowed(
  entries: readonly Span[],
  place: number,
  room: number,
  left: { before: number; after: number },
): { line: Line; from: number; to: number } {
  let from = place;
  let to = place + 1;
  const line = (a: number, b: number): Span[] => [
    ...(a + left.before > 0 ? [span("< ", "status")] : []),
    ...joined(entries.slice(a, b)),
    ...(b < entries.length + left.after ? [span(" >", "status")] : []),
  ];
  for (;;) {
    if (to < entries.length && lineCells(line(from, to + 1)) <= room) to++;
    else if (from > 0 && lineCells(line(from - 1, to)) <= room) from--;
    else return { line: line(from, to), from, to };
  }
}
