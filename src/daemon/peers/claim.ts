/** Whose a name is that a daemon dials in under. */
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Neighbour } from "../../protocol/methods.ts";
import type { PeerRow } from "../store/peer-table.ts";

/** In the place of a token's id: who came over the unix socket or ssh. */
export const ownersWay = "";

export interface Claim {
  as: string;
  daemon: Neighbour;
  /** The id of the token that was shown; null for the owner's own way in. */
  token: string | null;
}

/**
 * A name belongs to whom had it first. A daemon's id alone proves nothing, since it is told to
 * everybody: the token has to be the same as well, for as long as that one counts. The owner may do
 * anything. Throws `name-taken`.
 */
export function checkClaim(
  known: PeerRow | undefined,
  { as, daemon, token }: Claim,
  counts: (token: string) => boolean,
): void {
  if (known === undefined) return;
  if (known.kind !== "joined" || known.daemon !== daemon.id) throw taken(as);
  const { shownToken } = known;
  // One that joined before tokens were noted has none that could be compared.
  if (token === null || shownToken === null || shownToken === token) return;
  if (shownToken === ownersWay || counts(shownToken)) throw taken(as);
}

/** How many daemons may have names with one token. */
export const namesMax = 100;

/** A name that a token does not have yet is one more. Throws `not-allowed` where that is too many. */
export function checkCount(rows: readonly PeerRow[], { as, token }: Claim): void {
  if (token === null) return;
  const names = rows.filter(({ shownToken }) => shownToken === token).map(({ name }) => name);
  if (names.length < namesMax || names.includes(as)) return;
  throw new HacsError(
    "not-allowed",
    `With one token at most ${namesMax} daemons have names; this one's have them all.`,
    "Join with another token, or have one of the names removed there: hacs-session peer rm NAME",
  );
}

export function taken(name: string): HacsError {
  return new HacsError(
    "name-taken",
    `There is another peer named ${quote(name)}.`,
    "Choose another name, or remove that one: hacs-session peer rm NAME",
  );
}

export function itself(url: string): HacsError {
  return new HacsError("peer-loop", `${quote(url)} leads to this daemon itself.`);
}
