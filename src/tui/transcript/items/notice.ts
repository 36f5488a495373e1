/** Notifications of codex's that are no items: errors, warnings, plans, and what comes later. */
import { isObject, type JsonObject } from "../../../protocol/messages.ts";
import type { Line } from "../../text/lines.ts";
import { type Drawing, marked, textOf } from "./drawing.ts";
import { generic } from "./generic.ts";
import { planSteps } from "./plan.ts";

export function notice(method: string, params: JsonObject, drawing: Drawing): Line[] {
  if (method === "turn/plan/updated") return planSteps(params, drawing);
  if (method === "error" && isObject(params.error)) {
    const retry = params.willRetry === true ? " (codex tries again)" : "";
    const text = `${textOf(params.error.message)}${retry}`;
    return marked("!", "bad", text, params.willRetry === true ? "warning" : "bad", drawing.width);
  }
  const said = [params.message, params.summary, params.details].map(textOf).filter(Boolean);
  if (/warning|notice/i.test(method) && said.length > 0) {
    return marked("!", "warning", said.join("\n"), "warning", drawing.width);
  }
  return generic(method, params, drawing);
}
