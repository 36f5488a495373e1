/** Reads a history in pages, from a cursor on, or the last so many of what the caller counts. */
import type { ArchivedSession } from "../protocol/archive.ts";
import { limits } from "../protocol/methods.ts";
import type { HistoryRecord, SessionInfo } from "../protocol/session.ts";
import type { Context } from "./context.ts";

export async function* historyPages(
  context: Context,
  name: string,
  from: { since?: number; lines?: number; archive?: boolean },
  counts: (record: HistoryRecord) => boolean,
): AsyncGenerator<HistoryRecord> {
  const method = from.archive ? "archive/history" : "session/history";
  if (from.lines !== undefined) {
    yield* await lastRecords(context, method, name, from.lines, counts);
    return;
  }
  for (let after = from.since ?? 0; ; ) {
    const { records } = await context.call(method, {
      name,
      after,
      limit: limits.historyLimitMax,
    });
    yield* records;
    const last = records.at(-1);
    // The daemon may give fewer than asked for; only an empty page is the end.
    if (last === undefined) return;
    after = last.seq;
  }
}

/** The shortest end of the history with `count` records that count; all of it when it has fewer. */
async function lastRecords(
  context: Context,
  method: "session/history" | "archive/history",
  name: string,
  count: number,
  counts: (record: HistoryRecord) => boolean,
): Promise<HistoryRecord[]> {
  const found: HistoryRecord[] = [];
  let left = count;
  for (let before: number | undefined; left > 0; ) {
    const { records } = await context.call(method, {
      name,
      limit: Math.min(limits.historyLimitMax, Math.max(50, left)),
      ...(before === undefined ? {} : { before }),
    });
    for (const record of records.toReversed()) {
      if (left === 0) break;
      found.push(record);
      if (counts(record)) left--;
    }
    before = records[0]?.seq;
    if (before === undefined || before <= 1) break;
  }
  return found.reverse();
}

/** The session whose history is read: one of this daemon's or a peer's, or one in the archive. */
export async function sessionOf(
  context: Context,
  name: string,
  archive: boolean,
): Promise<SessionInfo> {
  if (!archive) return (await context.call("session/show", { name })).session;
  return asInfo((await context.call("archive/history", { name, limit: 1 })).session);
}

/** As those that live are told of: of one in the archive nothing runs and nobody is attached. */
export function asInfo({ endedAt, daemon: _, ...session }: ArchivedSession): SessionInfo {
  return {
    ...session,
    state: endedAt === null ? "asleep" : "ended",
    threadId: null,
    agentPid: null,
    clients: 0,
    approvals: 0,
    queued: 0,
    peer: null,
    labels: {},
  };
}
