import type { KnownSession } from "./peer.ts";

/** Two ways to one session are two lines of a list that say the same. */
export function shortest(known: KnownSession[]): KnownSession[] {
  const best = new Map<string, number>();
  const keyOf = ({ via, session }: KnownSession) => `${via.at(-1)} ${session.id.split("/").at(-1)}`;
  for (const one of known) {
    const length = best.get(keyOf(one));
    if (length === undefined || one.via.length < length) best.set(keyOf(one), one.via.length);
  }
  const shown = new Set<string>();
  return known.filter((one) => {
    // Whoever added one daemon under two names wants to see both.
    if (one.via.length === 1) return true;
    const key = keyOf(one);
    if (one.via.length > (best.get(key) ?? 0) || shown.has(key)) return false;
    shown.add(key);
    return true;
  });
}
