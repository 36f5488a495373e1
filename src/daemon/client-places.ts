/**
 * How many clients there may be at once, and of whom. The last places are the owner's, so who is
 * flooded can still look and revoke. Anyone else (a token; a daemon that needed none) may have twice
 * as many as are left to the others: many while there is room, and never all.
 */
import { HacsError } from "../protocol/errors.ts";
import { type Identity, isOwner } from "./client.ts";

export interface PlaceBounds {
  max: number;
  /** Of these, for the owner alone. */
  owners: number;
}

/** More than this many clients at once is a mistake of somebody's. */
export const clientBounds: PlaceBounds = { max: 10_000, owners: 100 };

const timesWhatIsLeft = 2;

export class ClientPlaces {
  readonly #bounds: PlaceBounds;
  readonly #taken = new Map<string, number>();
  #size = 0;

  constructor(bounds: PlaceBounds) {
    this.#bounds = bounds;
  }

  /** Takes a place, or throws `too-many-clients`; gives how to leave it. */
  take(identity: Identity): () => void {
    const { max, owners } = this.#bounds;
    const left = max - this.#size - (isOwner(identity) ? 0 : owners);
    if (left <= 0) throw tooMany(`There are ${this.#size} clients, which is as many as may be.`);
    const own = this.#taken.get(partyOf(identity)) ?? 0;
    if (!isOwner(identity) && own >= timesWhatIsLeft * left)
      throw tooMany(`By this way in there are ${own} clients, and ${left} places for all others.`);
    return this.keep(identity);
  }

  /** A place of who was let in before. */
  keep(identity: Identity): () => void {
    const party = partyOf(identity);
    this.#count(party, 1);
    let isLeft = false;
    return () => {
      if (!isLeft) this.#count(party, -1);
      isLeft = true;
    };
  }

  #count(party: string, more: number): void {
    this.#size += more;
    const count = (this.#taken.get(party) ?? 0) + more;
    if (count > 0) this.#taken.set(party, count);
    else this.#taken.delete(party);
  }
}

function partyOf({ access, neighbour }: Identity): string {
  return access.token ?? neighbour?.id ?? "";
}

function tooMany(why: string): HacsError {
  return new HacsError(
    "too-many-clients",
    why,
    "Try again when some have gone. Who has the machine sees them with `hacs-session daemon status`, and ends a token's with `hacs-session token revoke`.",
  );
}
