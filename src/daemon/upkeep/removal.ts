/** Forgets a session that was removed: first what was said, then its records, then that it was. */
import type { Store } from "../store/store.ts";

/** To take something out of the index costs more than to take a row out of a table. */
const saidAtOnce = 4;
const rowsAtOnce = 20;

/** False when nothing of it is left. */
export function forgetSome(store: Store, session: string, until: number): boolean {
  do {
    if (!store.transaction(() => forgetFew(store, session))) return false;
  } while (performance.now() < until);
  return true;
}

function forgetFew(store: Store, session: string): boolean {
  const said = store.said.of(session, saidAtOnce);
  for (const { id } of said) store.said.drop(id);
  if (said.length > 0 || store.keep.forgetSome(session, rowsAtOnce)) return true;
  store.sessions.remove(session);
  return false;
}
