import { HacsError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/methods.ts";
import { toHistoryRecord } from "../session/history.ts";
import type { RecordRow } from "../store/record-table.ts";
import type { MethodHandler } from "./index.ts";

export const history: MethodHandler<"session/history"> = (
  { daemon },
  { name, after, before, limit },
) => {
  const session = daemon.sessions.find(name);
  const count = limit ?? limits.historyLimitMax;
  const { head } = session.history;
  if (after !== undefined && after > head) {
    throw new HacsError(
      "cursor-ahead",
      `The history of "${session.name}" ends at ${head}; the cursor given is ${after}.`,
      "Give a seq that was seen before.",
    );
  }
  const rows =
    after === undefined
      ? session.history.pageBefore(before ?? head + 1, count)
      : session.history.pageAfter(after, count);
  const told = (page: RecordRow[]) => ({
    records: page.map((row) => toHistoryRecord(session.name, row)),
    head,
  });
  return rows instanceof Promise ? rows.then(told) : told(rows);
};
