import type { KnownSession } from "./peer.ts";

/**
 * Two ways to one session are two lines of a list that say the same. The shortest is shown, of those
 * that lead there: a way that is down says nothing of the others.
 */
export function shortest(known: KnownSession[]): KnownSession[] {
  const best = new Map<string, KnownSession>();
  for (const one of known) {
    const other = best.get(keyOf(one));
    if (other === undefined || isBetter(one, other)) best.set(keyOf(one), one);
  }
  // Whoever added one daemon under two names wants to see both.
  return known.filter((one) => one.via.length === 1 || best.get(keyOf(one)) === one);
}

function keyOf({ via, session }: KnownSession): string {
  return `${via.at(-1)} ${session.id.split("/").at(-1)}`;
}

function isBetter(one: KnownSession, other: KnownSession): boolean {
  const down = Number(isDown(one)) - Number(isDown(other));
  return down !== 0 ? down < 0 : one.via.length < other.via.length;
}

function isDown({ session }: KnownSession): boolean {
  return session.state === "unreachable";
}
