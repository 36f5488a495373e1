/** What a search looks like: its prompt, how far it has come, and the matches in view. Pure. */
import { visible } from "../../protocol/address.ts";
import type { Model } from "../model.ts";
import type { Line } from "../text/lines.ts";
import type { StyleName } from "../text/theme.ts";
import type { TranscriptBlocks } from "./blocks.ts";
import { matchesIn, patternOf, restyled } from "./match.ts";
import type { View } from "./viewport.ts";

/** The row below the transcript while words are written or looked for; null otherwise. */
export function searchText({ search, transcript }: Model): string | null {
  if (search === null) return null;
  if (search.typing !== null) return `/${visible(search.typing)}▏ Enter finds, Esc leaves`;
  if (search.seeking === null) return null;
  const left =
    search.seeking.direction === "older"
      ? search.seeking.at
      : transcript.cursor - search.seeking.at;
  return `searching ${visible(search.words)} · ${Math.max(0, left)} records to go · Esc stops`;
}

/** True: the row below the transcript is the search's. */
export function isSearching(search: Model["search"]): boolean {
  return search !== null && (search.typing !== null || search.seeking !== null);
}

/** The rows in view with every match marked, and the one that the search stands at the most. */
export function highlighted(
  model: Model,
  blocks: TranscriptBlocks,
  { rows, places }: View,
): Line[] {
  const { search } = model;
  const pattern = patternOf(search?.words ?? "");
  if (search === null || pattern === null) return rows;
  const { hit } = search;
  const marks = rows.map((): { start: number; end: number; style: StyleName }[] => []);
  for (const match of matchesIn(rows, pattern)) {
    const place = places[match.row];
    const here =
      hit !== null &&
      place !== undefined &&
      place.row === hit.row &&
      match.start === hit.start &&
      blocks.key(place.index) === hit.key;
    const style = here ? "matchHere" : "match";
    for (const { row, start, end } of match.parts) marks[row]?.push({ start, end, style });
  }
  return rows.map((line, row) => restyled(line, marks[row] ?? []));
}
