import { cut, indent, span } from "../../text/lines.ts";
import { markdown } from "../../text/markdown.ts";
import { shown } from "../../text/shown.ts";
import { type Drawer, textOf } from "./drawing.ts";

/** What the agent says. An answer of the demo model is labelled as one, each time. */
export const agentMessage: Drawer = (item, { width, demo }) => {
  const rows = markdown(shown(textOf(item.text)).trimEnd(), width - 2);
  if (!demo) return indent(rows, span("• ", "agent"), span("  "));
  return [cut([span("• demo model", "demo")], width), ...indent(rows, span("  "), span("  "))];
};
