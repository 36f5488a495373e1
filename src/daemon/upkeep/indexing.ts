/** Looks through a history from where it was left: counts it, and indexes what was said. */
import type { JsonObject } from "../../protocol/messages.ts";
import type { RecordRow } from "../store/record-table.ts";
import type { Store } from "../store/store.ts";
import { SPEAKING, saidIn } from "./said.ts";

const recordsAtOnce = 50;
/** As `keep-table.ts` counts a record. */
const rowBytes = 100;

/** False when the session is looked through to its end. */
export function indexSome(store: Store, session: string, until: number): boolean {
  const kept = store.keep.get(session);
  if (kept === undefined) return false;
  let { indexed } = kept;
  const rows = store.records.after(session, indexed, recordsAtOnce);
  if (rows.length === 0) return false;
  store.transaction(() => {
    let bytes = 0;
    for (const row of rows) {
      indexOne(store, session, row);
      indexed = row.seq;
      bytes += Buffer.byteLength(row.params) + rowBytes;
      if (performance.now() > until) break;
    }
    store.keep.lookedThrough(session, indexed, bytes);
  });
  return true;
}

function indexOne(store: Store, session: string, { seq, at, method, params }: RecordRow): void {
  if (!SPEAKING.has(method)) return;
  const said = saidIn(method, parsed(params));
  if (said !== null) store.said.insert({ session, seq, at, ...said });
}

/** A record that can't be read says nothing. */
function parsed(params: string): JsonObject {
  try {
    return JSON.parse(params) as JsonObject;
  } catch {
    return {};
  }
}
