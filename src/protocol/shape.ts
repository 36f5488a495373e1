/**
 * What others sent, read without trust in its shape. `String` throws for an object that has a
 * `toString` of its own, and a `Date` for a time that no calendar has.
 */
import { isObject, type JsonObject } from "./messages.ts";

export function stringOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The end of the year 9999: databases and people know no later one. */
const lastMs = 253_402_300_799_999;

/** A moment in ms, where it is one. */
export function momentOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= lastMs ? value : undefined;
}

/** codex tells some of its times in seconds. */
export function momentOfSeconds(value: unknown): number | undefined {
  return typeof value === "number" ? momentOf(value * 1000) : undefined;
}

/** The same as text. */
export function isoOf(value: unknown): string | undefined {
  const ms = momentOf(value);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
