import { formatDuration } from "../../protocol/duration.ts";
import type { Keep } from "../../protocol/session.ts";
import { formatSize } from "../../protocol/size.ts";

/** What is kept, in words: `30d, at most 100 MiB`. */
export function keepText({ ageMs, bytes }: Keep): string {
  const age = bound(ageMs, formatDuration, "any age");
  const size = bound(bytes, (value) => `at most ${formatSize(value)}`, "any size");
  const said = [age, size].filter((text) => text !== undefined);
  return said.length === 0 ? "what the config says" : said.join(", ");
}

function bound(
  value: number | null | undefined,
  format: (value: number) => string,
  none: string,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  return value === 0 ? none : format(value);
}
