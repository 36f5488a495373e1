/** The last row, in tmux's manner. What matters most comes first, and the rest as it fits. */
import { visible } from "../protocol/address.ts";
import { formatDuration } from "../protocol/duration.ts";
import { stateWords } from "../protocol/limits.ts";
import { isObject, type JsonObject } from "../protocol/messages.ts";
import { keyName, prefixKey } from "./keymap.ts";
import { isDemo, type Model } from "./model.ts";
import { sessionsInStatus, waitingSessions } from "./sessions/status-sessions.ts";
import { cells, cut, type Line, lineCells, span } from "./text/lines.ts";
import { textOfLine as lineText } from "./transcript/match.ts";

export function statusLine(model: Model): Line {
  const width = model.size.columns;
  const prefix = keyName(model.around.prefix);
  const away = model.link === "reconnecting" || model.link === "stopped";
  const style = away || model.prefix ? "statusAlert" : "status";
  const help = width >= 60 ? `${prefixKey("help", model.around.prefix)} keys` : "/help";
  const hint = model.prefix ? `${prefix} …` : help;
  // The state, and whether one can write at all, are never left out: a long name is, before them.
  const parts = partsOf(model);
  const least = parts.filter(({ always }) => always).reduce((sum, { part }) => sum + part, "");
  const joints = parts.filter(({ always }) => always).length * 3;
  const nameMax = Math.max(nameCellsMin, width - cells(least) - joints - 1);
  const name = lineText(cut([span(`[${visible(model.name)}]`)], nameMax));
  // Who waits elsewhere has its place first, this session's own state apart; the list of all gets
  // what is left.
  const state = cells(parts[0]?.part ?? "");
  const waiting = model.prefix ? [] : waitingSessions(model, width - cells(name) - state - 3);
  const beside = model.prefix ? hint : waiting.map(({ text }) => text).join("");
  const room = width - (beside === "" ? 0 : cells(beside) + 2);
  if (!model.pane.focused) return asideLine(model, name);
  // The least of the parts give way to the list.
  const wanted = model.prefix ? 0 : lineCells(sessionsInStatus(model, Math.floor(width / 2)));
  const spareRoom = wanted === 0 ? room : Math.min(room, width - wanted - 2);
  const text = withParts(parts, name, { room, spareRoom, width });
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
  const all = { room: columns, spareRoom: columns, width: columns };
  const text = withParts(partsOf(model), name, all);
  const style = model.transcript.approvals.length > 0 ? "statusWaits" : "statusAside";
  return cut([span(text + " ".repeat(Math.max(0, columns - cells(text))), style)], columns);
}

interface Rooms {
  room: number;
  spareRoom: number;
  width: number;
}

/** Those that are always there may take what others have beside them. */
function withParts(parts: readonly Part[], name: string, rooms: Rooms): string {
  const { room, spareRoom, width } = rooms;
  let text = name;
  for (const { part, joint, always, spare } of parts) {
    const longer = text + joint + part;
    if (cells(longer) <= (always ? width : spare ? spareRoom : room)) text = longer;
  }
  return text;
}

/** Of a long name this much is left on the narrowest screen. */
const nameCellsMin = 8;

interface Part {
  part: string;
  joint: string;
  /** True: it is there however narrow the screen. */
  always: boolean;
  /** True: the list of the sessions says more. */
  spare: boolean;
}

/** By weight; each takes its place when there is room for it. */
function partsOf(model: Model): Part[] {
  const { transcript, readOnly, outbox } = model;
  const { hidden } = model.pane;
  const { session, turn, usage, queue, approvals } = transcript;
  const waiting = queue.length + outbox.filter(({ id }) => !queue.some((m) => m.id === id)).length;
  const clients = session?.clients ?? 0;
  const parts: [string, weight?: "always" | "spare"][] = [
    [stateText(model), "always"],
    [readOnly ? "read-only" : "", "always"],
    [hidden === 0 ? "" : hidden === 1 ? "+1 pane" : `+${hidden} panes`],
    [isDemo(model) ? "demo model" : ""],
    [approvals.length > 1 ? `${approvals.length} approvals` : ""],
    [turn === null ? "" : elapsed(model.now, turn.startedAt)],
    [waiting > 0 ? `queued ${waiting}` : ""],
    [clients > 1 ? `${clients} clients` : ""],
    [isDemo(model) ? "" : visible(session?.model ?? "")],
    [contextUsed(usage)],
    [isDemo(model) || transcript.effort === null ? "" : visible(transcript.effort)],
    [tokens(usage), "spare"],
    [clients === 1 ? "1 client" : "", "spare"],
  ];
  return parts
    .filter(([part]) => part !== "")
    .map(([part, weight], index) => ({
      part,
      joint: index === 0 ? " " : " · ",
      always: weight === "always",
      spare: weight === "spare",
    }));
}

function stateText({ link, transcript, now }: Model): string {
  if (link === "reconnecting") return "reconnecting…";
  if (link === "stopped") return "daemon stopped";
  if (transcript.session === null) return "attaching";
  const { stalledSince, frozenSince } = transcript.session;
  if (frozenSince !== undefined) return "frozen";
  const state = stateWords(transcript.session);
  return stalledSince === undefined ? state : `${state}, stalled ${elapsed(now, stalledSince)}`;
}

/** How full the model's context is: what the last answer took of codex's own window. */
function contextUsed(usage: JsonObject | null): string {
  const used = isObject(usage?.last) ? usage.last.totalTokens : undefined;
  const window = usage?.modelContextWindow;
  if (typeof used !== "number" || typeof window !== "number" || window <= 0 || used <= 0) return "";
  return `context ${Math.min(100, Math.ceil((100 * used) / window))}%`;
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
