/**
 * What goes to the archive at once: the next records of some sessions, with what is known beside
 * them. It is read from the store by cursor, as a client reads it, in slices of milliseconds, and
 * is small: however far the archive is behind, it takes no more memory than this.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { receiptOf } from "../store/message-table.ts";
import type { RecordRow } from "../store/record-table.ts";
import type { SessionRow } from "../store/session-table.ts";
import type { Store } from "../store/store.ts";
import { SPEAKING, saidIn } from "../upkeep/said.ts";
import { vectorOf } from "./words.ts";

const recordsMax = 100;
const charsMax = 64 * 1024;
const recordsAtOnce = 20;
const sliceMs = 1;
const restMs = 6;
/** While an agent is heard, its deltas go before all of this. */
const giveWayMs = 25;
const heardWithinMs = 100;

export interface Batch {
  sessions: BatchSession[];
  records: BatchRecord[];
  said: BatchSaid[];
  messages: BatchMessage[];
}

/** Its records after `from`, up to `through`. */
interface BatchSession {
  row: SessionRow;
  from: number;
  through: number;
}

export type BatchRecord = RecordRow & { session: string };

export interface BatchSaid {
  session: string;
  seq: number;
  at: string;
  kind: string;
  text: string;
  words: string;
}

export interface BatchMessage {
  session: string;
  id: string;
  seq: number;
  status: string;
  createdAt: string;
  message: string;
}

/** The sessions in their order, as many as fit; those that are up to date are left out. */
export async function gather(
  store: Store,
  sessions: Iterable<string>,
  cursorOf: (session: string) => number,
): Promise<Batch> {
  const batch: Batch = { sessions: [], records: [], said: [], messages: [] };
  const room = { records: recordsMax, chars: charsMax };
  for (const id of sessions) {
    if (room.records <= 0 || room.chars <= 0) break;
    const from = cursorOf(id);
    const through = await takeRecords(store, id, from, batch, room);
    const row = store.sessions.get(id);
    if (row === undefined || through === from) {
      // It was removed meanwhile, say.
      dropOf(batch, id);
      continue;
    }
    batch.sessions.push({ row, from, through });
    takeMessages(store, row, from, through, batch);
  }
  return batch;
}

/** How long to leave the event loop to others after a slice of work. */
export function restMsFor({ heardAt }: Store): number {
  return performance.now() - heardAt < heardWithinMs ? giveWayMs : restMs;
}

async function takeRecords(
  store: Store,
  session: string,
  from: number,
  batch: Batch,
  room: { records: number; chars: number },
): Promise<number> {
  let cursor = from;
  for (let until = performance.now() + sliceMs; room.records > 0 && room.chars > 0; ) {
    const rows = store.records.after(session, cursor, Math.min(recordsAtOnce, room.records));
    for (const row of rows) {
      take(session, row, batch);
      cursor = row.seq;
      room.records--;
      room.chars -= row.params.length;
      if (room.chars <= 0 || performance.now() > until) break;
    }
    if (rows.length === 0) break;
    if (performance.now() > until) {
      await sleep(restMsFor(store));
      until = performance.now() + sliceMs;
    }
  }
  return cursor;
}

function take(session: string, row: RecordRow, batch: Batch): void {
  batch.records.push({ session, ...row });
  if (!SPEAKING.has(row.method)) return;
  const said = saidIn(row.method, parsed(row.params));
  if (said === null) return;
  const { seq, at } = row;
  const { kind, text } = said;
  batch.said.push({ session, seq, at, kind, text, words: vectorOf(text) });
}

function takeMessages(
  store: Store,
  { id, name }: SessionRow,
  from: number,
  through: number,
  batch: Batch,
): void {
  for (const row of store.messages.told(id, from, through)) {
    // What codex has still to be given is whole in the store, and nowhere else.
    const content = store.redactor.json(row.content);
    const message = JSON.stringify({ ...receiptOf(name, row), content, by: row.by });
    const { seq, status, createdAt } = row;
    batch.messages.push({ session: id, id: row.id, seq, status, createdAt, message });
  }
}

function dropOf(batch: Batch, session: string): void {
  const others = (one: { session: string }) => one.session !== session;
  batch.records = batch.records.filter(others);
  batch.said = batch.said.filter(others);
}

/** A record that can't be read says nothing. */
function parsed(params: string): JsonObject {
  try {
    const read: unknown = JSON.parse(params);
    return isObject(read) ? read : {};
  } catch {
    return {};
  }
}
