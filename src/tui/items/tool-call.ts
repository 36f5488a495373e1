import { visible } from "../../protocol/address.ts";
import { isObject } from "../../protocol/messages.ts";
import { chop, indent, type Line, span } from "../lines.ts";
import { type Drawer, excerpt, objectsOf, textOf } from "./drawing.ts";

/** A call of a tool, of an MCP server's or a client's, with its arguments and its result. */
export const toolCall: Drawer = (item, drawing) => {
  const { width } = drawing;
  const owner = textOf(item.server) || textOf(item.namespace);
  const name = [owner, textOf(item.tool)].filter((part) => part !== "").join(".");
  const title: Line = [
    span(visible(name), "command"),
    span(` ${visible(compact(item.arguments))}`, "dim"),
  ];
  const failed = item.status === "failed" || isObject(item.error) || item.success === false;
  const error = isObject(item.error) ? textOf(item.error.message) : "";
  const result = isObject(item.result) ? item.result.content : item.contentItems;
  const text = objectsOf(result)
    .map((part) => textOf(part.text) || compact(part))
    .join("\n");
  const draw = (line: string) =>
    chop([span(visible(line.replaceAll("\t", "    ")), "output")], width - 4);
  const body: Line[] = text === "" ? [] : excerpt(text, drawing, draw, 4, 4);
  const ending = item.status === "inProgress" ? "running…" : failed ? `failed ${error}` : "";
  return [
    ...indent(
      chop(title, width - 2).slice(0, drawing.expanded ? undefined : 3),
      span("⚒ ", "prompt"),
      span("  "),
    ),
    ...indent(body, span("  │ ", "rule"), span("  │ ", "rule")),
    ...(ending === ""
      ? []
      : indent(
          chop([span(visible(ending.trim()), failed ? "bad" : "dim")], width - 2),
          span("  "),
          span("  "),
        )),
  ];
};

export const webSearch: Drawer = (item, { width }) =>
  indent(
    chop([span("web search ", "dim"), span(visible(textOf(item.query)))], width - 2),
    span("⌕ ", "prompt"),
    span("  "),
  );

function compact(value: unknown): string {
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
