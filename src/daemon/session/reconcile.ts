/**
 * Brings a history level with codex's own after a time in which the daemon did not hear the
 * agent. codex's turns are read from the newest back, until one is met that history has whole;
 * what is missing is then recorded in codex's order, each item once.
 */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { momentOf, momentOfSeconds } from "../../protocol/shape.ts";
import type { Store } from "../store/store.ts";
import { hasId } from "./heard.ts";
import { rootOf } from "./turn-tracker.ts";

export interface Missed {
  method: string;
  params: JsonObject;
  atMs: number | undefined;
}

export interface Reconciliation {
  /** In order: what is to be recorded, as codex would have notified it. */
  missed: Missed[];
  /** Items that began in the running turn and are not complete. */
  unfinished: JsonObject[];
  /** The turn that runs now. */
  running: { id: string; rootId: string | null; startedAtMs: number } | null;
}

type Listed = JsonObject & { id: string };

const pageTurns = 20;

export async function findMissed(
  call: (method: string, params: JsonObject) => Promise<Json>,
  threadId: string,
  session: string,
  store: Store,
): Promise<Reconciliation> {
  const turns = await turnsToCheck(call, threadId, session, store);
  const result: Reconciliation = { missed: [], unfinished: [], running: null };
  for (const turn of turns.reverse()) addTurn(result, turn, threadId, session, store);
  return result;
}

/** Newest first. */
async function turnsToCheck(
  call: (method: string, params: JsonObject) => Promise<Json>,
  threadId: string,
  session: string,
  store: Store,
): Promise<Listed[]> {
  const open = new Set(store.records.openTurns(session));
  const turns = new Map<string, Listed>();
  for (let cursor: Json = null; ; ) {
    const page = await call("thread/turns/list", {
      threadId,
      itemsView: "full",
      sortDirection: "desc",
      limit: pageTurns,
      cursor,
    });
    const before = turns.size;
    for (const turn of listed(page, "data")) {
      open.delete(turn.id);
      if (open.size === 0 && isWhole(turn, session, store)) return [...turns.values()];
      turns.set(turn.id, turn);
    }
    cursor = isObject(page) ? (page.nextCursor ?? null) : null;
    // Whoever has nothing new to say and yet more to come would be asked for ever.
    if (cursor === null || turns.size === before) return [...turns.values()];
  }
}

function isWhole(turn: Listed, session: string, store: Store): boolean {
  if (!isPart(turn) && !store.records.turnEnded(session, turn.id)) return false;
  const known = store.records.itemsOf(session, turn.id);
  return itemsOf(turn).every((item) => known.has(item.id));
}

function addTurn(
  result: Reconciliation,
  turn: Listed,
  threadId: string,
  session: string,
  store: Store,
): void {
  const turnId = turn.id;
  const runs = turn.status === "inProgress";
  const startedAtMs = momentOfSeconds(turn.startedAt);
  const items = itemsOf(turn);
  if (!store.records.turnBegun(session, turnId)) {
    const begun = {
      ...turn,
      items: [],
      itemsView: "notLoaded",
      status: "inProgress",
      error: null,
      completedAt: null,
      durationMs: null,
    };
    result.missed.push({
      method: "turn/started",
      params: { threadId, turn: begun },
      atMs: startedAtMs,
    });
  }
  const known = store.records.itemsOf(session, turnId);
  for (const item of items) {
    if (known.has(item.id)) continue;
    const completedAtMs = momentOf(item.completedAtMs);
    if (runs && completedAtMs === undefined) {
      result.unfinished.push({ threadId, turnId, item });
    } else {
      const params = {
        item,
        threadId,
        turnId,
        ...(completedAtMs === undefined ? {} : { completedAtMs }),
      };
      result.missed.push({ method: "item/completed", params, atMs: completedAtMs });
    }
  }
  if (runs) {
    const begunAtMs = startedAtMs ?? Date.now();
    result.running = { id: turnId, rootId: rootOf(turn), startedAtMs: begunAtMs };
  } else if (!isPart(turn) && !store.records.turnEnded(session, turnId)) {
    const answer = items.filter((item) => item.type === "agentMessage").slice(-1);
    const ended = { ...turn, items: answer, itemsView: "summary" };
    result.missed.push({
      method: "turn/completed",
      params: { threadId, turn: ended },
      atMs: momentOfSeconds(turn.completedAt),
    });
  }
}

/** It ends with the turn it is a part of, and codex lists it as interrupted ever after. */
function isPart(turn: JsonObject): boolean {
  return ![null, turn.id].includes(rootOf(turn));
}

function itemsOf(turn: Listed): Listed[] {
  return listed(turn, "items");
}

/** What has no id can't be known again: it would be recorded with each look. */
function listed(from: Json, member: string): Listed[] {
  const list = isObject(from) ? from[member] : undefined;
  return Array.isArray(list) ? list.filter(hasId) : [];
}
