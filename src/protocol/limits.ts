/** What bounds a session. */
export interface LimitsInForce {
  /** How long its agent may rest before it is put to sleep; null: for ever. */
  idleTimeoutMs: number | null;
  /** How long it lives. */
  ttlMs: number | null;
  /** How long a turn may take, without the time that it waits for an answer. */
  maxTurnTimeMs: number | null;
  /** How many messages may wait. */
  maxQueued: number;
}

/** A session's own word on them. Left out stays as it is, null is as the config has it, 0 is none. */
export type Limits = { [Name in keyof LimitsInForce]?: number | null };

/** How a person says that there is to be no limit. */
export function isOff(text: string): boolean {
  return text === "never" || text === "0";
}

/** A session's state for people, with its place in the line: `queued, 2nd in line`. */
export function stateWords({ state, place }: { state: string; place?: number }): string {
  return place === undefined ? state : `${state}, ${placeText(place)}`;
}

function placeText(place: number): string {
  const teen = place % 100 > 10 && place % 100 < 14;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${place}${ending} in line`;
}
