/** Items that are a row or two: images by name, sub-agents, reviews, a compacted context. */
import { visible } from "../../../protocol/address.ts";
import { isObject, type JsonObject } from "../../../protocol/messages.ts";
import { cut, indent, type Line, span, wrap } from "../../text/lines.ts";
import { type Drawer, type Drawing, marked, textOf, within } from "./drawing.ts";

export const imageView: Drawer = (item, drawing) =>
  card("▣", "image", within(drawing.cwd, textOf(item.path)), drawing);

/** The picture itself lies in the item too, and is nothing to read. */
export const imageGeneration: Drawer = (item, drawing) => {
  const path = textOf(item.savedPath);
  const prompt = textOf(item.revisedPrompt) || textOf(item.status);
  const where = path === "" ? "" : `${within(drawing.cwd, path)} `;
  return card("▣", "image made", `${where}${prompt}`, drawing);
};

export const contextCompaction: Drawer = (_, { width }) =>
  marked("·", "dim", "the context was compacted", "dim", width);

export const enteredReview: Drawer = (item, drawing) =>
  card("◎", "review of", textOf(item.review), drawing);

export const exitedReview: Drawer = (item, drawing) =>
  card("◎", "review ended", textOf(item.review), drawing);

const deeds: Record<string, string> = {
  spawnAgent: "started",
  sendInput: "told",
  sendMessage: "told",
  followupTask: "told",
  resumeAgent: "resumed",
  wait: "waited for",
  closeAgent: "closed",
  interruptAgent: "interrupted",
  listAgents: "listed",
};

/** What was done with sub-agents, and how each of them is. */
export const subAgentCall: Drawer = (item, drawing) => {
  const tool = textOf(item.tool);
  const what = `sub-agent ${deeds[tool] ?? tool}`;
  const states = isObject(item.agentsStates) ? Object.entries(item.agentsStates) : [];
  const ending = { failed: " failed", interrupted: " interrupted", inProgress: " …" }[
    textOf(item.status)
  ];
  return [
    ...card("⑂", what + (ending ?? ""), textOf(item.prompt), drawing),
    ...states.flatMap(([id, state]) => stateRows(id, isObject(state) ? state : {}, drawing)),
  ];
};

export const subAgentActivity: Drawer = (item, drawing) => {
  const who = textOf(item.agentPath) || textOf(item.agentThreadId);
  return card("⑂", `sub-agent ${textOf(item.kind)}`, who, drawing);
};

function stateRows(id: string, state: JsonObject, drawing: Drawing): Line[] {
  const said = textOf(state.message);
  // Ids begin with the time; their ends tell them apart.
  const text = `${id.slice(-8)} ${textOf(state.status)}${said === "" ? "" : `: ${said}`}`;
  return indent(foldable(text, "dim", drawing, 4), span("  · ", "dim"), span("    "));
}

/** A sign, what it is, and about what: one row, or all of it when expanded. */
function card(sign: string, what: string, about: string, drawing: Drawing): Line[] {
  const title = about === "" ? what : `${what} ${about}`;
  return indent(foldable(title, "plain", drawing, 2), span(`${sign} `, "prompt"), span("  "));
}

function foldable(text: string, style: "plain" | "dim", drawing: Drawing, lead: number): Line[] {
  const width = drawing.width - lead;
  const lines = text.trim().split("\n");
  if (drawing.expanded) return lines.flatMap((line) => wrap([span(visible(line), style)], width));
  const more = lines.length > 1 ? " …" : "";
  return [cut([span(visible(lines[0] ?? "") + more, style)], width)];
}
