/** The last row, in tmux's manner. What matters most comes first, and the rest as it fits. */
import { visible } from "../protocol/address.ts";
import { formatDuration } from "../protocol/duration.ts";
import { isObject, type JsonObject } from "../protocol/messages.ts";
import { keyName } from "./keymap.ts";
import { isDemo, type Model } from "./model.ts";
import { sessionsInStatus, waitingSessions } from "./sessions/status-sessions.ts";
import { cells, cut, type Line, lineCells, span } from "./text/lines.ts";

export function statusLine(model: Model): Line {
  const width = model.size.columns;
  const prefix = keyName(model.around.prefix);
  const style = model.link === "reconnecting" || model.prefix ? "statusAlert" : "status";
  const hint = model.prefix ? `${prefix} …` : width >= 60 ? `${prefix} ? keys` : "";
  // Who waits elsewhere has its place first, this session's own state apart; the list of all gets
  // what is left.
  const state = cells(partsOf(model)[0]?.part ?? "");
  const name = `[${visible(model.name)}]`;
  const waiting = model.prefix ? [] : waitingSessions(model, width - cells(name) - state - 3);
  const least = model.prefix ? hint : waiting.map(({ text }) => text).join("");
  const room = width - (least === "" ? 0 : cells(least) + 2);
  if (!model.pane.focused) return asideLine(model, name);
  const text = withParts(model, name, room);
  const left = width - cells(text) - 2;
  const list = model.prefix ? [] : sessionsInStatus(model, left);
  const fallback = cells(hint) <= left ? [span(hint, style)] : [];
  const right = [list, waiting, fallback].find((one) => one.length > 0) ?? [];
  const gap = Math.max(0, width - cells(text) - lineCells(right));
  return cut([span(text + " ".repeat(gap), style), ...right], width);
}

/** Of a pane without the keys: its own session alone, and plain unless it waits for an answer. */
function asideLine(model: Model, name: string): Line {
  const { columns } = model.size;
  const text = withParts(model, name, columns);
  const style = model.transcript.approvals.length > 0 ? "statusWaits" : "statusAside";
  return cut([span(text + " ".repeat(Math.max(0, columns - cells(text))), style)], columns);
}

function withParts(model: Model, name: string, room: number): string {
  let text = name;
  for (const { part, joint } of partsOf(model)) {
    const longer = text + joint + part;
    if (cells(longer) <= room) text = longer;
  }
  return text;
}

/** By weight; each takes its place when there is room for it. */
function partsOf(model: Model): { part: string; joint: string }[] {
  const { transcript, link, readOnly, outbox } = model;
  const { hidden } = model.pane;
  const { session, turn, usage, queue, approvals } = transcript;
  const waiting = queue.length + outbox.filter(({ id }) => !queue.some((m) => m.id === id)).length;
  const clients = session?.clients ?? 0;
  const parts = [
    link === "reconnecting" ? "reconnecting…" : (session?.state ?? "attaching"),
    hidden === 0 ? "" : hidden === 1 ? "+1 pane" : `+${hidden} panes`,
    isDemo(model) ? "demo model" : "",
    readOnly ? "read-only" : "",
    approvals.length > 1 ? `${approvals.length} approvals` : "",
    turn === null ? "" : elapsed(model.now, turn.startedAt),
    waiting > 0 ? `queued ${waiting}` : "",
    clients > 1 ? `${clients} clients` : "",
    isDemo(model) ? "" : visible(session?.model ?? ""),
    tokens(usage),
    clients === 1 ? "1 client" : "",
  ];
  return parts
    .filter((part) => part !== "")
    .map((part, index) => ({ part, joint: index === 0 ? " " : " · " }));
}

/** The daemon's clock and this one may differ; a turn never began in the future. */
function elapsed(now: number, startedAt: string): string {
  const ms = now - Date.parse(startedAt);
  return Number.isNaN(ms) ? "" : formatDuration(Math.max(1000, ms));
}

function tokens(usage: JsonObject | null): string {
  const total = isObject(usage?.total) ? usage.total.totalTokens : undefined;
  if (typeof total !== "number" || total <= 0) return "";
  if (total < 1_000) return `${total} tokens`;
  if (total < 999_500) return `${(total / 1_000).toFixed(total < 9_950 ? 1 : 0)}k tokens`;
  return `${(total / 1_000_000).toFixed(1)}M tokens`;
}
