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
const urgency: Record<SessionState | "stalled" | "frozen", number> = {
  "needs-approval": 0,
  stalled: 1,
  crashed: 2,
  unreachable: 3,
  frozen: 4,
  working: 5,
  starting: 6,
  queued: 7,
  idle: 8,
  asleep: 9,
  ended: 10,
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
  state: (a, b) => urgency[conditionOf(a)] - urgency[conditionOf(b)],
  number: () => 0,
  name: (a, b) => a.name.localeCompare(b.name, "en"),
  tokens: (a, b) => tokensNow(b) - tokensNow(a),
  // Who is at it longest: the times are ISO 8601, which sorts as text; none at all is last.
  time: (a, b) => (a.since ?? "~").localeCompare(b.since ?? "~", "en"),
};

/** Its state, or what keeps it from going on by itself. */
export function conditionOf({
  state,
  stalledSince,
  frozenSince,
}: SessionActivity): keyof typeof urgency {
  if (frozenSince !== undefined) return "frozen";
  return stalledSince === undefined ? state : "stalled";
}

export function nextSort(sort: Sort): Sort {
  return SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? "state";
}

/** Tokens of the last minute. */
export function tokensNow({ tokensPerMinute }: SessionActivity): number {
  return tokensPerMinute.at(-1) ?? 0;
}
