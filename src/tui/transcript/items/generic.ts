import { visible, visibleLines } from "../../../protocol/address.ts";
import type { JsonObject } from "../../../protocol/messages.ts";
import { chop, indent, type Line, span } from "../../text/lines.ts";
import { type Drawing, excerpt } from "./drawing.ts";

/** Members that place a thing and say nothing of it. */
const silent = new Set([
  "type",
  "id",
  "threadId",
  "turnId",
  "itemId",
  "startedAtMs",
  "completedAtMs",
  "status",
]);

/**
 * The card for whatever has no drawer of its own: what codex adds later is shown by its name and
 * members, never left out. A single `message` or `text` is shown as what it is.
 */
export function generic(name: string, params: JsonObject, drawing: Drawing): Line[] {
  const width = drawing.width - 2;
  const status = typeof params.status === "string" ? ` ${params.status}` : "";
  const members = Object.entries(params).filter(
    ([key, value]) => !silent.has(key) && value !== null && value !== undefined && value !== "",
  );
  const body = members
    .map(([key, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return key === "message" || key === "text" ? text : `${key}: ${text}`;
    })
    .join("\n");
  const title: Line = [span(visible(inWords(name)), "heading"), span(visible(status), "dim")];
  const draw = (line: string) => chop([span(visibleLines(line), "dim")], width);
  return [
    ...indent(chop(title, width), span("◇ ", "prompt"), span("  ")),
    ...indent(body === "" ? [] : excerpt(body, drawing, draw, 4, 4), span("  "), span("  ")),
  ];
}

/** `contextCompaction` → `context compaction`, `thread/compacted` → `thread compacted`. */
function inWords(name: string): string {
  return name
    .replace(/\//g, " ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}
