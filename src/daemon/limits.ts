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

/** Of a session that is made with these. Its time to live is from then on its own. */
export function limited(
  own: Limits,
  configured: LimitsInForce,
): { limits: Limits; endsAt: string | null } {
  const { ttlMs } = inForce(own, configured);
  const endsAt = ttlMs === null ? null : new Date(Date.now() + ttlMs).toISOString();
  return { limits: { ...own, ttlMs: ttlMs ?? 0 }, endsAt };
}

/** Of one whose limits change. A new time to live counts from now. */
export function changed(
  own: Limits,
  changes: Limits,
  configured: LimitsInForce,
): { limits: Limits; endsAt?: string | null } {
  const limits = { ...own, ...changes };
  return changes.ttlMs === undefined ? { limits } : limited(limits, configured);
}

function timeOf(text: string | undefined): number | null {
  return text === undefined || isOff(text) ? null : parseDuration(text);
}
