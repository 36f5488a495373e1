/** How far back a command looks: `1d`, `2h`, `2026-11-20`, or a time in ISO 8601. */
import { quote } from "../protocol/address.ts";
import { parseDuration } from "../protocol/duration.ts";
import { HacsError } from "../protocol/errors.ts";

/** Gives a time in ISO 8601, in UTC; a date without a time is the user's own midnight. */
export function parseSince(text: string, nowMs: number = Date.now()): string {
  if (/^\d+(\.\d+)?[a-z]*$/.test(text)) return iso(nowMs - parseDuration(text));
  const local = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(local) : Number.NaN;
  if (!Number.isNaN(ms)) return iso(ms);
  throw new HacsError(
    "invalid-usage",
    `--since takes a duration, a date or a time; got ${quote(text)}.`,
    "Try 1d, 2026-11-20 or 2026-11-20T14:00.",
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
