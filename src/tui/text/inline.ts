/** Markdown within a line: what is said with which weight. A link shows where it leads. */
import type { MarkedToken, Token } from "marked";
import { type Line, type Span, span } from "./lines.ts";
import type { StyleName } from "./theme.ts";

/** Spans of text that may have newlines in it; `linesOf` takes them apart. */
export function inline(tokens: readonly Token[] | undefined, style: StyleName = "plain"): Span[] {
  return (tokens ?? []).flatMap((token) => spansOf(token as MarkedToken, style));
}

function spansOf(token: MarkedToken, style: StyleName): Span[] {
  switch (token.type) {
    case "strong":
      return inline(token.tokens, "bold");
    case "em":
      return inline(token.tokens, style === "plain" ? "emphasis" : style);
    case "del":
      return [span("~", "dim"), ...inline(token.tokens, style), span("~", "dim")];
    case "codespan":
      return [span(decoded(token.text), "code")];
    case "br":
      return [span("\n", style)];
    case "link":
      return link(inline(token.tokens, style), token.href);
    case "image":
      return link([span(`[image ${decoded(token.text)}]`, style)], token.href);
    case "html":
      return [span(/^<br\s*\/?>$/i.test(token.raw) ? "\n" : token.raw, style)];
    case "checkbox":
      return [];
    case "text":
      return token.tokens ? inline(token.tokens, style) : [span(decoded(token.text), style)];
    case "escape":
      return [span(decoded(token.text), style)];
    default:
      return [span(token.raw, style)];
  }
}

/** The text, and the address if the text is not the address itself. */
function link(text: Span[], href: string): Span[] {
  const shown = text.map((one) => one.text).join("");
  const bare = href.replace(/^mailto:/, "");
  if (shown === href || shown === bare || href === `http://${shown}`) return [span(bare, "link")];
  return [...text, span(" (", "dim"), span(href, "link"), span(")", "dim")];
}

const entities: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": " ",
};

function decoded(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => entities[entity] ?? entity);
}

/** Takes spans apart at newlines: what the writer broke stays broken. */
export function linesOf(spans: readonly Span[]): Line[] {
  const lines: Span[][] = [[]];
  for (const { text, style } of spans) {
    text.split("\n").forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part !== "") lines.at(-1)?.push(span(part, style));
    });
  }
  return lines;
}
