/**
 * What lies around the shown session, and stays when another one is shown: the other sessions,
 * which one was shown before, whether the terminal has the focus, the person's settings. Pure.
 */
import type { SessionInfo } from "../../protocol/session.ts";
import type { Model } from "../model.ts";

export interface Around {
  /** The sessions that live, in the order of their creation; the place is the number. */
  sessions: readonly SessionInfo[];
  /** The session shown before this one, by id. */
  last: string | null;
  /** Null until the terminal reported it; some never do. */
  focused: boolean | null;
  /** True: the wheel scrolls here; false: the mouse is the terminal's own. */
  mouse: boolean;
  /** What was given to the command line, newest first. */
  lines: readonly string[];
  /** The prefix, as a stroke's name. */
  prefix: string;
  /** Where a relative directory begins that no session has a say in. */
  home: string;
}

export const nothingAround: Around = {
  sessions: [],
  last: null,
  focused: null,
  mouse: true,
  lines: [],
  prefix: "ctrl-b",
  home: "",
};

/** Lines of the command line that are remembered. */
const linesMax = 100;

export function withLine(around: Around, line: string): Around {
  const others = around.lines.filter((one) => one !== line);
  return { ...around, lines: [line, ...others].slice(0, linesMax) };
}

/** What the shown session says of itself is newer than the list that was asked for. */
export function sessionsOf({ around, transcript }: Model): readonly SessionInfo[] {
  const { session } = transcript;
  const place = around.sessions.findIndex(({ id }) => id === session?.id);
  return place === -1 || session === null ? around.sessions : around.sessions.with(place, session);
}

export function numberOf({ sessions }: Around, id: string | undefined): number {
  return sessions.findIndex((session) => session.id === id);
}

/** The next or previous session, round the corner; undefined when there is no other. */
export function neighbour(
  around: Around,
  id: string | undefined,
  step: 1 | -1,
): SessionInfo | undefined {
  const { sessions } = around;
  const place = numberOf(around, id);
  const from = place === -1 && step === -1 ? 0 : place;
  const other = sessions.at((from + step) % Math.max(1, sessions.length));
  return other?.id === id ? undefined : other;
}

/** The next session round that waits for an approval, as tmux's next window with an alert. */
export function nextWaiting({ around, transcript }: Model): SessionInfo | undefined {
  const place = numberOf(around, transcript.session?.id);
  const { sessions } = around;
  const round = [...sessions.slice(place + 1), ...sessions.slice(0, Math.max(0, place))];
  return round.find(waits);
}

/** Where one goes when the shown session goes: to the one before it, else to the next. */
export function refuge(around: Around, id: string | undefined): SessionInfo | undefined {
  const last = around.sessions.find((session) => session.id === around.last && session.id !== id);
  return last ?? neighbour(around, id, 1);
}

/** What a new pane shows: the session shown before, else the next, of those that no pane shows. */
export function sessionToAdd(
  { sessions, last }: Around,
  from: string | null,
  shown: readonly (string | null)[],
): SessionInfo | undefined {
  const free = sessions.filter(({ id }) => !shown.includes(id));
  const place = sessions.findIndex(({ id }) => id === from);
  return (
    free.find(({ id }) => id === last) ??
    free.find((session) => sessions.indexOf(session) > place) ??
    free[0]
  );
}

/** By name, by number, or by a beginning that only one name has; tmux takes the same. */
export function sessionNamed({ sessions }: Around, word: string): SessionInfo | undefined {
  const exact = sessions.find(({ name, id }) => name === word || id === word);
  if (exact !== undefined) return exact;
  if (/^\d+$/.test(word)) return sessions[Number(word)];
  const begins = sessions.filter(({ name }) => word !== "" && name.startsWith(word));
  return begins.length === 1 ? begins[0] : undefined;
}

/** A state as one sign behind a name, as tmux marks windows; idle is the one without. */
export function stateSign({ state, approvals }: SessionInfo): string {
  if (state === "needs-approval" || approvals > 0) return "!";
  if (state === "working" || state === "starting" || state === "queued") return "#";
  if (state === "crashed" || state === "unreachable") return "x";
  return state === "asleep" ? "z" : "";
}

export function waits({ state, approvals }: SessionInfo): boolean {
  return state === "needs-approval" || approvals > 0;
}
