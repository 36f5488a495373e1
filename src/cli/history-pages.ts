/** Reads a history in pages, from a cursor on, or the last so many of what the caller counts. */
import { limits } from "../protocol/methods.ts";
import type { HistoryRecord } from "../protocol/session.ts";
import type { Context } from "./context.ts";

export async function* historyPages(
  context: Context,
  name: string,
  from: { since?: number; lines?: number },
  counts: (record: HistoryRecord) => boolean,
): AsyncGenerator<HistoryRecord> {
  if (from.lines !== undefined) {
    yield* await lastRecords(context, name, from.lines, counts);
    return;
  }
  for (let after = from.since ?? 0; ; ) {
    const { records } = await context.call("session/history", {
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
  name: string,
  count: number,
  counts: (record: HistoryRecord) => boolean,
): Promise<HistoryRecord[]> {
  const found: HistoryRecord[] = [];
  let left = count;
  for (let before: number | undefined; left > 0; ) {
    const { records } = await context.call("session/history", {
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
