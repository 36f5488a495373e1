/** What is said of a session in the dashboard, each as a span that can be cut to its column. Pure. */

import { describeAction } from "../../protocol/activity.ts";
import { visible } from "../../protocol/address.ts";
import { stateWords } from "../../protocol/limits.ts";
import { shortPath } from "../../system/paths.ts";
import { briefly, countText, tookText } from "../text/amounts.ts";
import { cut, filled, keepEnd, type Line, lineCells, type Span, span } from "../text/lines.ts";
import { sparkline } from "../text/sparkline.ts";
import type { StyleName } from "../text/theme.ts";
import type { TopModel } from "./model.ts";
import { conditionOf, type TopRow, tokensNow } from "./order.ts";

export type Seen = Pick<TopModel, "now" | "around" | "away">;

const styles: Partial<Record<string, StyleName>> = {
  "needs-approval": "approval",
  working: "good",
  stalled: "bad",
  frozen: "bad",
  crashed: "bad",
  unreachable: "bad",
  asleep: "dim",
  starting: "dim",
  queued: "dim",
};

/** With how many approvals wait, if several, and how many messages. */
export function state({ session }: TopRow, { now }: Seen): Span {
  const { waiting, queued, labels, stalledSince, frozenSince } = session;
  const condition = conditionOf(session);
  const since = frozenSince ?? stalledSince;
  const lasting = since && ` ${briefly(Math.max(1_000, now - Date.parse(since)))}`;
  const said = lasting === undefined ? stateWords(session) : condition + lasting;
  const count = waiting.length > 1 ? ` (${waiting.length})` : "";
  const queue = queued > 0 ? ` +${queued}` : "";
  const demo = labels.demo ? " demo" : "";
  return span(said + count + queue + demo, styles[condition] ?? "plain");
}

export function action({ session }: TopRow): Span {
  if (session.action === null) return span("");
  const style = session.action.kind === "approval" ? "approval" : "plain";
  return span(visible(describeAction(session.action)), style);
}

/** While something goes on in its first minutes to the second, else in its largest unit, so that a rest is quiet. */
export function elapsed({ session }: TopRow, { now }: Seen): Span {
  const ms = now - Date.parse(session.since ?? "");
  if (Number.isNaN(ms)) return span("");
  const seconds = Math.floor(Math.max(0, ms) / 1_000);
  const runs = session.state === "working" || session.state === "needs-approval";
  if (!runs || seconds < 60 || seconds >= 600) return span(briefly(Math.max(1_000, ms)), "dim");
  const rest = String(seconds % 60).padStart(2, "0");
  return span(`${Math.floor(seconds / 60)}m${rest}s`, "dim");
}

export function tokens({ session }: TopRow): Span {
  const count = tokensNow(session);
  return span(countText(count), count === 0 ? "dim" : "plain");
}

export function tokenBars({ session }: TopRow, width: number): Span {
  const used = session.tokensPerMinute.some((count) => count > 0);
  return span(used ? sparkline(session.tokensPerMinute, width) : "", "code");
}

export function turnBars({ session }: TopRow, width: number): Span {
  return span(sparkline(session.turnsMs, width), "codeKeyword");
}

export function lastTurn({ session }: TopRow): Span {
  const last = session.turnsMs.at(-1);
  return span(last === undefined ? "" : tookText(last), "dim");
}

export function model({ session }: TopRow): Span {
  return span(session.labels.demo ? "" : visible(session.model ?? ""), "dim");
}

export function directory({ session }: TopRow, { around }: Seen): Span {
  return span(visible(shortPath(session.cwd, around.home)), "dim");
}

/** In a column of `width`: cut with an ellipsis, or filled up. */
export function padded(part: Span, width: number, right = false): Line {
  const line = cut([part], width);
  if (!right) return filled(line, width);
  return [span(" ".repeat(Math.max(0, width - lineCells(line)))), ...line];
}

export function paddedPath({ text, style }: Span, width: number): Line {
  return padded(span(keepEnd(text, width), style), width);
}
