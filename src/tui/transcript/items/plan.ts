import { visible } from "../../../protocol/address.ts";
import { indent, type Line, span, wrap } from "../../text/lines.ts";
import { markdown } from "../../text/markdown.ts";
import { shown } from "../../text/shown.ts";
import { type Drawer, marked, objectsOf, textOf } from "./drawing.ts";

/** A plan that the agent wrote down. */
export const plan: Drawer = (item, { width }) => [
  [span("≡ ", "prompt"), span("plan", "heading")],
  ...indent(markdown(shown(textOf(item.text)).trim(), width - 2), span("  "), span("  ")),
];

const signs: Record<string, string> = { completed: "☑", inProgress: "▸", pending: "☐" };

/** The steps of a plan and how far each is: codex's `turn/plan/updated`. */
export const planSteps: Drawer = (params, { width }) => {
  const explanation = textOf(params.explanation);
  const all = objectsOf(params.plan);
  const done = all.filter(({ status }) => status === "completed").length;
  const steps = all.flatMap((step): Line[] => {
    const status = textOf(step.status);
    const style = status === "completed" ? "dim" : status === "inProgress" ? "bold" : "plain";
    const rows = wrap([span(visible(textOf(step.step)), style)], width - 4);
    return indent(rows, span(`  ${signs[status] ?? "?"} `, style), span("    "));
  });
  const title = `plan ${done}/${all.length}${explanation === "" ? "" : `: ${explanation}`}`;
  return [...marked("≡", "prompt", title, "heading", width), ...steps];
};
