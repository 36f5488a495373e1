/** What must hold after every schedule, read from the file itself and from what people saw. */
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { follows, type SessionEvent } from "../../src/protocol/records.ts";
import type { Item } from "./codex.ts";
import type { Machine } from "./machine.ts";
import type { Watcher } from "./people.ts";
import type { World } from "./schedule.ts";

interface Stored {
  id: string;
  name: string;
  thread: string;
  agent: string | null;
  seq: number;
  records: { seq: number; at: string; method: string; params: string }[];
  messages: Map<string, { status: string; turn_id: string | null; error: string | null }>;
}

export async function brokenPromises(world: World): Promise<string[]> {
  const { machine } = world;
  const sessions = readSessions(machine.file);
  return [
    ...machine.bugs,
    ...world.forgotten,
    ...memory(machine),
    ...sessions.flatMap((session) => [
      ...seqs(session),
      ...receipts(session),
      ...wholeThread(world, session),
      ...approvals(world, session),
    ]),
    ...deliveries(world, sessions),
    ...world.watchers.flatMap((watcher) => views(world, watcher, sessions)),
    ...orphans(world, sessions),
  ];
}

/** `seq` grows by one, from 1, but over what a power cut took, and the session knows its last. */
function seqs({ name, records, seq }: Stored): string[] {
  const wrong = brokenOff(records);
  const last = records.at(-1)?.seq;
  if (wrong !== undefined) return [`${name}: after seq ${wrong} something is missing`];
  return seq === last ? [] : [`${name}: says its last seq is ${seq}, which is ${last}`];
}

/** The seq after which one comes that does not follow. */
function brokenOff(records: readonly { seq?: number; method: string }[]): number | undefined {
  let cursor = 0;
  for (const { seq = 0, method } of records) {
    if (!follows(cursor, { seq, method })) return cursor;
    cursor = seq;
  }
  return undefined;
}

const rank: Record<string, number> = {
  accepted: 0,
  delivered: 1,
  finished: 2,
  failed: 3,
  cancelled: 3,
};

/** A message's records go forward only, each state once, and agree with its receipt. */
function receipts({ name, records, messages }: Stored): string[] {
  const last = new Map<string, string>();
  const broken: string[] = [];
  for (const { method, params } of records) {
    if (method !== "session/message") continue;
    const { id, status } = JSON.parse(params) as { id: string; status: string };
    const before = last.get(id);
    if (before === undefined ? status !== "accepted" : rank[status]! <= rank[before]!)
      broken.push(`${name}: message ${id} went from ${before} to ${status}`);
    last.set(id, status);
  }
  for (const [id, { status }] of messages)
    if (last.get(id) !== status)
      broken.push(`${name}: ${id} is ${status}, told as ${last.get(id)}`);
  return broken;
}

/** Every item that codex kept is in the history once, and nothing else is. */
function wholeThread({ machine }: World, { name, thread, records }: Stored): string[] {
  const told = records.flatMap(({ method, params }) =>
    method === "item/completed" ? [(JSON.parse(params) as { item: Item }).item.id] : [],
  );
  const kept = (machine.codex.threads.get(thread)?.turns ?? []).flatMap(({ items }) =>
    items.map(({ id }) => id),
  );
  const missing = kept.filter((id) => !told.includes(id));
  const twice = told.filter((id, i) => told.indexOf(id) !== i);
  const foreign = told.filter((id) => !kept.includes(id));
  return [
    ...missing.map((id) => `${name}: codex has ${id}, the history has not`),
    ...twice.map((id) => `${name}: ${id} is in the history twice`),
    ...foreign.map((id) => `${name}: ${id} is in the history, and codex has it not`),
  ];
}

/** An acknowledged message is with codex exactly once, unless it was told to have failed. */
function deliveries({ machine, senders, unsent }: World, sessions: Stored[]): string[] {
  const times = new Map<string, number>();
  for (const { turns } of machine.codex.threads.values())
    for (const { type, clientId } of turns.flatMap(({ items }) => items))
      if (type === "userMessage")
        times.set(String(clientId), (times.get(String(clientId)) ?? 0) + 1);
  const broken = [...times].flatMap(([id, n]) => (n > 1 ? [`${id} was delivered ${n} times`] : []));
  for (const { id, session, acknowledged } of senders.flatMap(({ sent }) => sent)) {
    const row = sessions.find(({ name }) => name === session)?.messages.get(id);
    if (!acknowledged || row === undefined) {
      broken.push(`${id} was ${acknowledged ? "acknowledged and is lost" : "never acknowledged"}`);
    } else if (row.error === "it was taken back" && unsent.has(id)) {
      if (times.has(id)) broken.push(`${id} was taken back, and codex has it`);
    } else if (row.status === "finished" ? times.get(id) !== 1 : !mayFail(row)) {
      broken.push(
        `${id} is ${row.status} (${row.error}), and codex has it ${times.get(id) ?? 0} times`,
      );
    }
  }
  return broken;
}

/** codex itself dropped it, turn after turn. */
function mayFail({ status, error }: { status: string; error: string | null }): boolean {
  return status === "failed" && /without taking the message in/.test(error ?? "");
}

/**
 * What a client saw from its cursor on is the history: no gap, no repetition, nothing else. It may
 * have more: what a power cut took, of which nothing else has the seq, and which it was told of.
 */
function views(
  world: World,
  { actor, session, events, cursor, ended }: Watcher,
  sessions: Stored[],
): string[] {
  const { name } = actor;
  if (ended !== undefined) return [`${name}: its view ended with ${ended.code}: ${ended.message}`];
  const stored = sessions.find((one) => one.name === session);
  if (stored === undefined) return [`${name}: the session ${session} is gone`];
  const seen = events.filter((event) => event.seq !== undefined);
  const gap = brokenOff(seen);
  if (gap !== undefined) return [`${name}: after ${gap} it missed something`];
  const kept = new Map(stored.records.map((record) => [record.seq, record]));
  const told = new Set(seen.map(({ seq }) => seq));
  const gone = seen.filter((event) => !same(event, kept.get(event.seq!)));
  world.lost += gone.length;
  const other = gone.find((event) => !isLost(event, stored));
  if (other !== undefined) return [`${name}: what it saw as ${other.seq} is not what is stored`];
  const missed = stored.records.find((record) => !told.has(record.seq));
  if (missed !== undefined) return [`${name}: it did not see ${missed.seq}`];
  return cursor === stored.seq ? [] : [`${name}: stands at ${cursor}, of ${stored.seq}`];
}

/** No record has its seq, and one that came after says so. */
function isLost({ seq = 0 }: SessionEvent, { records }: Stored): boolean {
  return records.some(
    (record) =>
      record.method === "session/lost" &&
      seq < record.seq &&
      seq > (JSON.parse(record.params) as { after: number }).after,
  );
}

function same(event: SessionEvent, record: Stored["records"][number] | undefined): boolean {
  return event.method === record?.method && JSON.stringify(event.params) === record.params;
}

/** Asked once, answered once, and codex did what the history says was answered. */
function approvals({ machine, watchers }: World, { name, records }: Stored): string[] {
  const broken: string[] = [];
  const answers = new Map<string, string>();
  const asked = new Map<string, string>();
  for (const { method, params } of records) {
    if (method !== "session/approval") continue;
    const told = JSON.parse(params) as JsonObject & { id: string; decision: string };
    if (told.status === "requested") {
      const { id } = told.approval as { id: string };
      asked.set(String(told.itemId), id);
    } else if (answers.has(told.id)) {
      broken.push(`${name}: approval ${told.id} ended twice`);
    } else answers.set(told.id, told.status === "answered" ? told.decision : "lost");
  }
  for (const { itemId, decision } of machine.codex.effects) {
    const id = asked.get(itemId);
    if (id === undefined) continue;
    const said = answers.get(id);
    if (said !== decision)
      broken.push(`${name}: codex heard ${decision} for ${id}, told as ${said}`);
  }
  const done = watchers
    .flatMap(({ answered }) => answered)
    .filter(({ approval }) => answers.has(approval));
  for (const { approval, decision, by } of done) {
    if (answers.get(approval) !== decision)
      broken.push(
        `${name}: ${by} was told that ${decision} counts for ${approval}; it is ${answers.get(approval)}`,
      );
    if (done.filter((one) => one.approval === approval).length > 1)
      broken.push(`${name}: two were told that their answer to ${approval} counts`);
  }
  for (const id of asked.values())
    if (!answers.has(id)) broken.push(`${name}: approval ${id} has no end`);
  return broken;
}

/** What runs of codex is what the sessions have, one at most each. */
function orphans({ machine }: World, sessions: Stored[]): string[] {
  const known = sessions.flatMap(({ agent }) =>
    agent === null ? [] : [(JSON.parse(agent) as { process?: { pid: number } }).process?.pid],
  );
  return machine.codex.living
    .filter(({ pid }) => !known.includes(pid))
    .map(({ pid }) => `codex ${pid} is an orphan`);
}

/** What the daemon remembers is what a next one would read. */
export function memory({ file, daemon, running }: Machine): string[] {
  if (!running) return [];
  const stored = readOpen(file);
  const all = daemon?.sessions.all() ?? [];
  const unknown = [...stored].filter(
    ([id, { row }]) => row.ready === 1 && !all.some((session) => session.id === id),
  );
  const other = all.flatMap((session) => {
    const { name, endedAt, stoppedTurn, threadId, agent, ready } = session.row;
    const its = stored.get(session.id);
    if (its === undefined) return [`${name} is remembered, and not stored`];
    const row = { name, endedAt, stoppedTurn, threadId, ready: Number(ready) };
    const remembered = {
      row: { ...row, agent: agent && JSON.stringify(agent) },
      // One at rest remembers nothing but its row.
      ...(session.atRest
        ? {}
        : {
            seq: session.history.head,
            open: session.inbox
              .unfinished()
              .map(({ messageId, status }) => `${messageId} ${status}`)
              .toSorted(),
            waiting: session
              .waiting()
              .map(({ id }) => id)
              .toSorted(),
          }),
    };
    const kept = Object.fromEntries(
      Object.keys(remembered).map((key) => [key, its[key as keyof typeof its]]),
    );
    if (isDeepStrictEqual(remembered, kept)) return [];
    return [
      `${name} is remembered as ${JSON.stringify(remembered)}; it is ${JSON.stringify(kept)}`,
    ];
  });
  return [...unknown.map(([, { row }]) => `${row.name} is stored, and not remembered`), ...other];
}

function readOpen(file: string) {
  const db = new DatabaseSync(file, { readOnly: true });
  const ids = (sql: string, session: unknown) =>
    db
      .prepare(sql)
      .all(session as string)
      .map(({ id }) => String(id));
  try {
    const rows = db.prepare(
      `SELECT id, seq, name, ended_at AS endedAt, stopped_turn AS stoppedTurn, thread_id AS threadId,
         ready, agent FROM sessions WHERE removed_at IS NULL`,
    );
    const open = `SELECT id || ' ' || status AS id FROM messages
      WHERE session = ? AND status IN ('accepted', 'delivered') ORDER BY 1`;
    const waiting = "SELECT id FROM approvals WHERE session = ? AND status = 'waiting' ORDER BY id";
    return new Map(
      rows
        .all()
        .map(({ id, seq, ...row }) => [
          String(id),
          { seq, row: { ...row }, open: ids(open, id), waiting: ids(waiting, id) },
        ]),
    );
  } finally {
    db.close();
  }
}

function readSessions(file: string): Stored[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = db.prepare("SELECT id, name, thread_id AS thread, agent, seq FROM sessions").all();
    return (rows as unknown as Stored[]).map((row) => ({
      ...row,
      records: db
        .prepare("SELECT seq, at, method, params FROM records WHERE session = ? ORDER BY seq")
        .all(row.id) as unknown as Stored["records"],
      messages: new Map(
        db
          .prepare("SELECT id, status, turn_id, error FROM messages WHERE session = ?")
          .all(row.id)
          .map((one) => [String(one.id), one as never]),
      ),
    }));
  } finally {
    db.close();
  }
}
