/**
 * Pages of a history, where what retention dropped is read from the archive. In its place stands
 * `session/trimmed` here, with the seq of the last record that it stands for: a page that meets it
 * goes on over there. Where the archive can't be asked, what is here is told as it is.
 */
import type { Past, RecordRow } from "../store/record-table.ts";

type Rows = RecordRow[] | Promise<RecordRow[]>;

const trimmed = "session/trimmed";

/** The page after `seq`, given the one that is here. */
export function withPastAfter(
  rows: RecordRow[],
  past: Past | undefined,
  session: string,
  seq: number,
  limit: number,
): Rows {
  const [first] = rows;
  if (past === undefined || first?.method !== trimmed) return rows;
  return asked(() => past.after(session, seq, first.seq, limit)).then((older) => {
    const last = older.at(-1);
    if (last === undefined) return rows;
    // What it gave may be a part: the rest comes with the next page.
    return last.seq < first.seq ? older : [...older, ...rows.slice(1)].slice(0, limit);
  });
}

/** The page before `seq`, given the one that is here. */
export function withPastBefore(
  rows: RecordRow[],
  past: Past | undefined,
  session: string,
  seq: number,
  limit: number,
): Rows {
  const [first] = rows;
  if (past === undefined || seq <= 1) return rows;
  if (first === undefined) return past.before(session, seq, limit);
  if (first.method !== trimmed) return rows;
  const later = rows.slice(1);
  const wanted = Math.max(1, limit - later.length);
  return asked(() => past.before(session, first.seq + 1, wanted)).then((older) =>
    // Of what it does not have, the mark goes on to tell.
    older.at(-1)?.seq === first.seq ? [...older, ...later] : rows,
  );
}

async function asked(ask: () => Promise<RecordRow[]>): Promise<RecordRow[]> {
  try {
    return await ask();
  } catch {
    return [];
  }
}
