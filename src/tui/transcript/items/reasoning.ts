import { visibleLines } from "../../../protocol/address.ts";
import { cells, cut, indent, type Line, span, wrap } from "../../text/lines.ts";
import { type Drawer, textOf } from "./drawing.ts";

/** What the model lets one see of its thinking, folded to its first line; nothing for nothing. */
export const reasoning: Drawer = (item, { width, expanded }) => {
  const parts = [item.summary, item.content].find(
    (value) => Array.isArray(value) && value.some((part) => textOf(part) !== ""),
  );
  if (!Array.isArray(parts)) return [];
  const text = visibleLines(parts.map(textOf).join("\n")).replaceAll("**", "").trim();
  const lines = text.split("\n").filter((line) => expanded || line.trim() !== "");
  if (expanded) {
    const rows: Line[] = lines.flatMap((line) => wrap([span(line, "dim")], width - 2));
    return indent(rows, span("∴ ", "dim"), span("  "));
  }
  const [first = "", ...rest] = lines;
  const more = rest.length > 0 ? ` … ${rest.length} more` : "";
  const room = Math.max(1, width - 2 - cells(more));
  const row = [span("∴ ", "dim"), ...cut([span(first, "dim")], room), span(more, "dim")];
  return [
    cut(
      row.filter(({ text }) => text !== ""),
      width,
    ),
  ];
};
