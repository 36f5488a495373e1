/** The list of what the word at the cursor may become, above the composer. Pure. */
import { visible } from "../../protocol/address.ts";
import { cells, cut, type Line, span } from "../text/lines.ts";
import type { Completion } from "./completion.ts";

export function completionRows(completion: Completion, width: number, rowsMax: number): Line[] {
  const { candidates, index } = completion;
  const first = Math.max(0, Math.min(index - rowsMax + 1, candidates.length - rowsMax));
  const shown = candidates.slice(first, first + rowsMax);
  const longest = Math.max(...shown.map(({ label }) => cells(visible(label))));
  return shown.map(({ label, about }, row) => {
    const chosen = first + row === index;
    const gap = " ".repeat(Math.min(24, longest) - Math.min(24, cells(visible(label))) + 2);
    return cut(
      [
        span(chosen ? "▸ " : "  ", "prompt"),
        span(visible(label), chosen ? "key" : "plain"),
        span(about === "" ? "" : `${gap}${visible(about.split("\n")[0] ?? "")}`, "dim"),
      ],
      width,
    );
  });
}

/** How many rows of the screen it may take. */
export function completionRowsMax(rows: number): number {
  return Math.max(1, Math.min(8, Math.floor(rows / 4)));
}
