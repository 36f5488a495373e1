import { quote } from "./address.ts";
import { HacsError } from "./errors.ts";

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `10s`, `10m`, `2h`, `1d`; a bare number is seconds, as in sleep(1). Gives ms. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const ms = match
    ? Number(match[1]) * unitMs[(match[2] ?? "s") as keyof typeof unitMs]
    : Number.NaN;
  if (Number.isFinite(ms) && ms > 0 && ms <= 365 * unitMs.d) return Math.ceil(ms);
  throw new HacsError(
    "invalid-usage",
    `A duration is a number above zero with ms, s, m, h or d; got ${quote(text)}.`,
    "Try 90s or 10m.",
  );
}

export function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

const units = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

/**
 * How long ago a time was, in its largest unit: `3m ago`. What is less than `finest`, and what a
 * clock that was set back makes of it, is `now`.
 */
export function ago(iso: string, nowMs: number = Date.now(), finest: "s" | "m" = "s"): string {
  const seconds = Math.floor((nowMs - Date.parse(iso)) / 1000);
  for (const [unit, size] of units) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit} ago`;
    if (unit === finest) break;
  }
  return "now";
}

/** The two largest units, for people: `1h 4m`, `12s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.floor(ms))}ms`;
  const seconds = Math.floor(ms / 1000);
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count =
      Math.floor(seconds / size) %
      (unit === "d" ? Number.MAX_SAFE_INTEGER : unit === "h" ? 24 : 60);
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}
