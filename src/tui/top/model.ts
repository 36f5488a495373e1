/**
 * Everything the dashboard knows, as one value, and what becomes of it when the daemon tells
 * something. Pure. What waits in the selected session is kept as an attachment's model, so that
 * it is drawn and answered by the same code, and the same rule, as in one.
 */
import type { SessionActivity } from "../../protocol/activity.ts";
import type { Answer, ApprovalDetail } from "../../protocol/session.ts";
import { initialModel, type Model, type Notice } from "../model.ts";
import type { Around } from "../sessions/around.ts";
import { rowsOf, type Sort } from "./order.ts";

export interface TopModel {
  /** The time of the last step, ms. */
  now: number;
  size: { columns: number; rows: number };
  /** The prefix, the mouse and the home directory, as an attachment has them. */
  around: Around;
  readOnly: boolean;
  /** In the order of creation, where the place is the number; null until the daemon told. */
  sessions: readonly SessionActivity[] | null;
  /** True while the daemon does not answer: what is shown is what it told last. */
  away: boolean;
  /** By id: rows move under it. */
  selected: string | null;
  sort: Sort;
  prefix: boolean;
  /** The selected session with what waits in it; null when nothing does, or it is not here yet. */
  asked: Model | null;
  /** What was asked of the daemon for `asked`, so that it is asked once. */
  asking: string | null;
  dialog: TopDialog | null;
  notice: Notice | null;
  /** True: it is over, and keys mean nothing any more. */
  left: boolean;
}

export type TopDialog =
  | { kind: "help"; row: number }
  /** `at`: since when it is on the screen, ms. */
  | { kind: "interrupt"; session: string; name: string; at: number };

export type TopEffect =
  | { do: "quit" }
  | { do: "attach"; session: string }
  | { do: "interrupt"; session: string }
  | { do: "answer"; session: string; id: string; answer: Answer }
  /** What waits in a session, with all that codex asked with. */
  | { do: "ask"; session: string }
  | { do: "redraw" }
  | { do: "suspend" };

export interface TopStep {
  model: TopModel;
  effects: readonly TopEffect[];
}

export function initialTop(
  given: Pick<TopModel, "now" | "size" | "around" | "readOnly" | "selected">,
): TopModel {
  return {
    ...given,
    sessions: null,
    away: false,
    sort: "state",
    prefix: false,
    asked: null,
    asking: null,
    dialog: null,
    notice: null,
    left: false,
  };
}

const noticeMs = 4_000;

export function onlyTop(model: TopModel, ...effects: TopEffect[]): TopStep {
  return { model, effects };
}

export function noticedTop(model: TopModel, text: string, tone: Notice["tone"] = "info"): TopModel {
  return { ...model, notice: { text, tone, until: model.now + noticeMs } };
}

export function selectedOf({ sessions, selected }: TopModel): SessionActivity | undefined {
  return sessions?.find(({ id }) => id === selected);
}

/** The daemon told what all do; a selected session that is gone leaves its place to the next. */
export function told(model: TopModel, sessions: readonly SessionActivity[]): TopStep {
  const before = rowsOf(model).findIndex(({ session }) => session.id === model.selected);
  const next: TopModel = { ...model, sessions, away: false };
  const rows = rowsOf(next);
  const here = sessions.some(({ id }) => id === model.selected);
  const place = Math.min(Math.max(0, before), rows.length - 1);
  const selected = here ? model.selected : (rows[place]?.session.id ?? null);
  const { dialog, notice } = next;
  const over = dialog?.kind === "interrupt" && !sessions.some(({ id }) => id === dialog.session);
  return wantAsked({
    ...next,
    selected,
    dialog: over ? null : dialog,
    notice: notice !== null && notice.until <= next.now ? null : notice,
  });
}

export function lostDaemon(model: TopModel): TopModel {
  return { ...model, away: true, asking: null };
}

/** Asks for what waits in the selected session, unless that is what is here. */
export function wantAsked(model: TopModel): TopStep {
  const session = selectedOf(model);
  const waiting = session?.waiting.map(({ id }) => id) ?? [];
  if (session === undefined || waiting.length === 0) {
    return onlyTop({ ...model, asked: null, asking: null });
  }
  const mine = model.asked?.transcript.session?.id === session.id ? model.asked : null;
  const known = mine?.transcript.approvals.map(({ id }) => id) ?? [];
  // Another one's prompt goes at once, and one that was answered, by whomever.
  const asked = mine === null ? null : keepApprovals(mine, model.now, waiting);
  if (waiting.every((id) => known.includes(id))) {
    return onlyTop({ ...model, asked, asking: null });
  }
  const asking = [session.id, ...waiting].join(" ");
  if (asking === model.asking) return onlyTop({ ...model, asked });
  return onlyTop({ ...model, asked, asking }, { do: "ask", session: session.id });
}

/** What waits in a session, which may not be the selected one any more. */
export function toldApprovals(
  model: TopModel,
  id: string,
  approvals: readonly ApprovalDetail[],
): TopModel {
  const session = selectedOf(model);
  if (session === undefined || session.id !== id) return model;
  const { readOnly, size, around, now } = model;
  const mine = model.asked?.transcript.session?.id === id ? model.asked : null;
  const empty = initialModel({ name: session.name, readOnly, size, now });
  const before = mine ?? { ...empty, around };
  const transcript = { ...before.transcript, session, approvals };
  return { ...model, asked: settled({ ...before, transcript }, now) };
}

/** It could not be asked for: the next answer of the daemon's tries again. */
export function notAsked(model: TopModel): TopModel {
  return { ...model, asking: null };
}

/** One was answered here: it is gone at once, so that a second key can't be meant for it. */
export function answered(model: Model, id: string, now: number): Model {
  const left = model.transcript.approvals.filter((approval) => approval.id !== id);
  return keepApprovals(
    model,
    now,
    left.map((approval) => approval.id),
  );
}

function keepApprovals(model: Model, now: number, ids: readonly string[]): Model {
  const approvals = model.transcript.approvals.filter(({ id }) => ids.includes(id));
  if (approvals.length === model.transcript.approvals.length) return model;
  return settled({ ...model, transcript: { ...model.transcript, approvals } }, now);
}

/** Keeps the prompt that is shown, and the one that has the keyboard, to what still waits. */
function settled(model: Model, now: number): Model {
  const { dialog, shown, transcript } = model;
  const [first] = transcript.approvals;
  const waits =
    dialog?.kind === "approval" && transcript.approvals.some(({ id }) => id === dialog.id);
  const same = first !== undefined && shown?.id === first.id;
  return {
    ...model,
    now,
    shown: same
      ? shown
      : first === undefined
        ? null
        : { id: first.id, at: now, amid: false, read: null },
    dialog: waits ? dialog : null,
  };
}
