/** In which order the sessions stand: the most urgent first, unless one wants another. Pure. */
import type { SessionActivity } from "../../protocol/activity.ts";
import type { SessionState } from "../../protocol/session.ts";

/** By what; the key goes round them in this order. */
export const SORTS = ["state", "number", "name", "tokens", "time"] as const;
export type Sort = (typeof SORTS)[number];

export interface TopRow {
  session: SessionActivity;
  /** As in the status line, and for `Ctrl-b 0-9`. */
  number: number;
}

/** What wants a person first, then what works, then what rests. */
const urgency: Record<SessionState, number> = {
  "needs-approval": 0,
  crashed: 1,
  unreachable: 2,
  working: 3,
  starting: 4,
  queued: 5,
  idle: 6,
  asleep: 7,
  ended: 8,
};

export function rowsOf({
  sessions,
  sort,
}: {
  sessions: readonly SessionActivity[] | null;
  sort: Sort;
}): TopRow[] {
  const rows = (sessions ?? []).map((session, number) => ({ session, number }));
  return rows.sort((a, b) => compare[sort](a.session, b.session) || a.number - b.number);
}

const compare: Record<Sort, (a: SessionActivity, b: SessionActivity) => number> = {
  state: (a, b) => urgency[a.state] - urgency[b.state],
  number: () => 0,
  name: (a, b) => a.name.localeCompare(b.name, "en"),
  tokens: (a, b) => tokensNow(b) - tokensNow(a),
  // Who is at it longest: the times are ISO 8601, which sorts as text; none at all is last.
  time: (a, b) => (a.since ?? "~").localeCompare(b.since ?? "~", "en"),
};

export function nextSort(sort: Sort): Sort {
  return SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? "state";
}

/** Tokens of the last minute. */
export function tokensNow({ tokensPerMinute }: SessionActivity): number {
  return tokensPerMinute.at(-1) ?? 0;
}
