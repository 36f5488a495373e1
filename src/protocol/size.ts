import { quote } from "./address.ts";
import { HacsError } from "./errors.ts";

const unitBytes = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;
type Unit = keyof typeof unitBytes;

/** `500K`, `100M`, `2G`, in powers of 1024 as journald has them; a bare number is bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([BKMGT])?(?:i?B)?$/i.exec(text.trim());
  const unit = (match?.[2] ?? "B").toUpperCase() as Unit;
  const bytes = match ? Number(match[1]) * unitBytes[unit] : Number.NaN;
  if (bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER) return Math.ceil(bytes);
  throw new HacsError(
    "invalid-usage",
    `A size is a number above zero with K, M, G or T; got ${quote(text)}.`,
    "Try 100M or 2G.",
  );
}

/** For people: `740 B`, `1.4 MiB`. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
