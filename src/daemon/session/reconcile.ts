/**
 * Brings a history level with codex's own after a time in which the daemon did not hear the
 * agent. codex's turns are read from the newest back, until one is met that history has whole;
 * what is missing is then recorded in codex's order, each item once.
 */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { Store } from "../store/store.ts";
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
): Promise<JsonObject[]> {
  const open = new Set(store.records.openTurns(session));
  const turns: JsonObject[] = [];
  for (let cursor: Json = null; ; ) {
    const page = await call("thread/turns/list", {
      threadId,
      itemsView: "full",
      sortDirection: "desc",
      limit: pageTurns,
      cursor,
    });
    const data = isObject(page) && Array.isArray(page.data) ? page.data.filter(isObject) : [];
    for (const turn of data) {
      const id = String(turn.id);
      open.delete(id);
      if (open.size === 0 && isWhole(turn, session, store)) return turns;
      turns.push(turn);
    }
    cursor = isObject(page) ? (page.nextCursor ?? null) : null;
    if (cursor === null || data.length === 0) return turns;
  }
}

function isWhole(turn: JsonObject, session: string, store: Store): boolean {
  const id = String(turn.id);
  if (!isPart(turn) && !store.records.turnEnded(session, id)) return false;
  const known = store.records.itemsOf(session, id);
  return itemsOf(turn).every((item) => known.has(String(item.id)));
}

function addTurn(
  result: Reconciliation,
  turn: JsonObject,
  threadId: string,
  session: string,
  store: Store,
): void {
  const turnId = String(turn.id);
  const runs = turn.status === "inProgress";
  const startedAtMs = secondsToMs(turn.startedAt);
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
    if (known.has(String(item.id))) continue;
    const completedAtMs = typeof item.completedAtMs === "number" ? item.completedAtMs : undefined;
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
      atMs: secondsToMs(turn.completedAt),
    });
  }
}

/** It ends with the turn it is a part of, and codex lists it as interrupted ever after. */
function isPart(turn: JsonObject): boolean {
  return ![null, turn.id].includes(rootOf(turn));
}

function itemsOf(turn: JsonObject): JsonObject[] {
  return Array.isArray(turn.items) ? turn.items.filter(isObject) : [];
}

function secondsToMs(seconds: unknown): number | undefined {
  return typeof seconds === "number" ? seconds * 1000 : undefined;
}
