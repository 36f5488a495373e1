import { visibleLines } from "../../../protocol/address.ts";
import type { JsonObject } from "../../../protocol/messages.ts";
import { indent, type Line, span, wrap } from "../../text/lines.ts";
import type { StyleName } from "../../text/theme.ts";
import { type Drawer, type Drawing, excerpt, objectsOf, textOf } from "./drawing.ts";

export const userMessage: Drawer = (item, drawing) => said(userText(item), "user", "bold", drawing);

/** What somebody wrote; of a pasted book the ends are enough to know it by. */
export function said(text: string, sign: StyleName, style: StyleName, drawing: Drawing): Line[] {
  const draw = (line: string) => wrap([span(visibleLines(line), style)], drawing.width - 2);
  return indent(excerpt(text.trimEnd(), drawing, draw), span("› ", sign), span("  "));
}

/** A message's text; what is not text is named in brackets. */
export function userText(item: JsonObject): string {
  return objectsOf(item.content)
    .map((part) => {
      if (part.type === "text") return textOf(part.text);
      const what = textOf(part.path) || textOf(part.name) || textOf(part.url).slice(0, 80);
      return `[${textOf(part.type)}${what === "" ? "" : ` ${what}`}]`;
    })
    .join("\n");
}
