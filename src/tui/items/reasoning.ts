import { visibleLines } from "../../protocol/address.ts";
import { indent, type Line, span, wrap } from "../lines.ts";
import { type Drawer, textOf } from "./drawing.ts";

/** What the model lets one see of its thinking; nothing when it shows nothing. */
export const reasoning: Drawer = (item, { width }) => {
  const parts = [item.summary, item.content].find(
    (value) => Array.isArray(value) && value.some((part) => textOf(part) !== ""),
  );
  if (!Array.isArray(parts)) return [];
  const text = visibleLines(parts.map(textOf).join("\n")).replaceAll("**", "").trim();
  const rows: Line[] = text.split("\n").flatMap((line) => wrap([span(line, "dim")], width - 2));
  return indent(rows, span("∴ ", "dim"), span("  "));
};
