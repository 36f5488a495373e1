/** Numbers as short as a column of a table wants them. Pure. */
import { formatDuration } from "../../protocol/duration.ts";

/** At most four characters up to a thousand million: `950`, `1.2k`, `34k`, `5.6M`. */
export function countText(count: number): string {
  if (count < 1_000) return String(Math.round(count));
  if (count < 9_950) return `${(count / 1_000).toFixed(1)}k`;
  if (count < 999_500) return `${Math.round(count / 1_000)}k`;
  if (count < 9_950_000) return `${(count / 1_000_000).toFixed(1)}M`;
  return `${Math.round(count / 1_000_000)}M`;
}

/** In its largest unit: `12s`, `4m`, `3h`, `2d`. */
export function briefly(ms: number): string {
  return formatDuration(Math.max(0, ms)).split(" ")[0] ?? "";
}

/** How long something took, to a tenth of a second while that matters: `0.4s`, `7.2s`, `34s`, `2m`. */
export function tookText(ms: number): string {
  return ms < 9_950 ? `${(Math.max(0, ms) / 1_000).toFixed(1)}s` : briefly(ms);
}
