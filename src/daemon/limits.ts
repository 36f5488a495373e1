/** What bounds a session: what it says itself, and where it says nothing what the config says. */
import { parseDuration } from "../protocol/duration.ts";
import { isOff, type Limits, type LimitsInForce } from "../protocol/limits.ts";
import type { Config } from "../system/config.ts";

const idleTimeoutDefault = "30m";
const maxQueuedDefault = 1_000;

/** Where neither says anything. */
export function configuredLimits(config: Config): LimitsInForce {
  const { idleTimeout = idleTimeoutDefault, ttl, maxTurnTime, maxQueued } = config;
  return {
    idleTimeoutMs: timeOf(idleTimeout),
    ttlMs: timeOf(ttl),
    maxTurnTimeMs: timeOf(maxTurnTime),
    maxQueued: maxQueued ?? maxQueuedDefault,
  };
}

/** A session's own word goes first; 0 is none at all. */
export function inForce(own: Limits, configured: LimitsInForce): LimitsInForce {
  const time = (word: number | null | undefined, otherwise: number | null) =>
    (word ?? otherwise) || null;
  return {
    idleTimeoutMs: time(own.idleTimeoutMs, configured.idleTimeoutMs),
    ttlMs: time(own.ttlMs, configured.ttlMs),
    maxTurnTimeMs: time(own.maxTurnTimeMs, configured.maxTurnTimeMs),
    maxQueued: own.maxQueued ?? configured.maxQueued,
  };
}

/** What is kept of a session when its limits change; a new time to live counts from now. */
export function changed(
  own: Limits,
  changes: Limits,
  configured: LimitsInForce,
): { limits: Limits; endsAt?: string | null } {
  const limits = { ...own, ...changes };
  if (changes.ttlMs === undefined) return { limits };
  return { limits, endsAt: endOf(inForce(limits, configured)) };
}

/** When a session that begins to count its life now ends. */
export function endOf({ ttlMs }: LimitsInForce): string | null {
  return ttlMs === null ? null : new Date(Date.now() + ttlMs).toISOString();
}

function timeOf(text: string | undefined): number | null {
  return text === undefined || isOff(text) ? null : parseDuration(text);
}
