/** A text of codex's to read, drawn once for a width. Pure. */
import { visibleLines } from "../../protocol/address.ts";
import type { PageDialog } from "../model.ts";
import { type Line, span, wrap } from "../text/lines.ts";
import type { StyleName } from "../text/theme.ts";

const cache = new WeakMap<readonly string[], { width: number; rows: readonly Line[] }>();

export function readingLines({ title, lines }: PageDialog, width: number): readonly Line[] {
  const head = wrap([span(title, "heading"), span("  (Esc leaves)", "dim")], width);
  if (lines === null) return [...head, [span("asking codex…".slice(0, width), "dim")]];
  const known = cache.get(lines);
  if (known?.width === width) return known.rows;
  const body = lines.flatMap((line) =>
    visibleLines(line)
      .split("\n")
      .flatMap((one) => wrap([span(one, styleOf(title, line))], width)),
  );
  const rows = [...head, [], ...body];
  cache.set(lines, { width, rows });
  return rows;
}

function styleOf(title: string, line: string): StyleName {
  if (!title.startsWith("Changes")) return "plain";
  if (/^(diff |\+\+\+|---)/.test(line)) return "path";
  if (line.startsWith("@@")) return "dim";
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "plain";
}
