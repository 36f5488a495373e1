import { visible } from "../../../protocol/address.ts";
import { formatDuration } from "../../../protocol/duration.ts";
import { isObject } from "../../../protocol/messages.ts";
import { chop, cut, indent, type Line, span } from "../../text/lines.ts";
import { type Drawer, excerpt, objectsOf, textOf } from "./drawing.ts";

/**
 * A call of a tool, of an MCP server's or a client's: folded, its name and arguments in a row and
 * its result in a few; in full, all of them.
 */
export const toolCall: Drawer = (item, drawing) => {
  const { width, expanded, running = "running…" } = drawing;
  const owner = textOf(item.server) || textOf(item.namespace);
  const name = [owner, textOf(item.tool)].filter((part) => part !== "").join(".");
  const failed = item.status === "failed" || isObject(item.error) || item.success === false;
  const took =
    typeof item.durationMs === "number" && item.durationMs >= 1000
      ? ` ${formatDuration(item.durationMs)}`
      : "";
  const title: Line = [
    span(visible(name), "command"),
    span(took, "good"),
    span(` ${visible(compact(item.arguments))}`, "dim"),
  ].filter(({ text }) => text !== "");
  const error = isObject(item.error) ? textOf(item.error.message) : "";
  const result = isObject(item.result) ? item.result.content : item.contentItems;
  const text = objectsOf(result).map(partText).join("\n");
  const draw = (line: string) =>
    chop([span(visible(line.replaceAll("\t", "    ")), "output")], width - 4);
  const body: Line[] = text === "" ? [] : excerpt(text, drawing, draw, 1, 1);
  const ending = item.status === "inProgress" ? running : failed ? `failed ${error}` : "";
  const titles = expanded ? chop(title, width - 2) : [cut(title, width - 2)];
  const style = failed ? "bad" : "dim";
  return [
    ...indent(titles, span("⚒ ", "prompt"), span("  ")),
    ...indent(body, span("  │ ", "rule"), span("  │ ", "rule")),
    ...(ending === ""
      ? []
      : indent(chop([span(visible(ending.trim()), style)], width - 2), span("  "), span("  "))),
  ];
};

/** What is no text is named: an image's data is nothing to read. */
function partText(part: Record<string, unknown>): string {
  const text = textOf(part.text);
  if (text !== "") return text;
  const kind = textOf(part.type);
  if (/image|audio/i.test(kind)) return `[${kind} ${textOf(part.mimeType)}]`.replace(" ]", "]");
  return compact(part);
}

/** What was looked for, or which page was opened. */
export const webSearch: Drawer = (item, { width, expanded }) => {
  const action = isObject(item.action) ? item.action : {};
  const queries = Array.isArray(action.queries) ? action.queries.map(textOf) : [];
  const [what, about] =
    action.type === "openPage"
      ? ["opened ", textOf(action.url)]
      : action.type === "findInPage"
        ? ["looked in ", `${textOf(action.url)} for ${textOf(action.pattern)}`]
        : ["web search ", textOf(item.query) || textOf(action.query) || queries.join(", ")];
  const line = [span(what, "dim"), span(visible(about))];
  const rows = expanded ? chop(line, width - 2) : [cut(line, width - 2)];
  return indent(rows, span("⌕ ", "prompt"), span("  "));
};

function compact(value: unknown): string {
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
