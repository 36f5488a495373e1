/** From a thing of the transcript to its rows: the index of drawers. Pure. */
import type { JsonObject } from "../../../protocol/messages.ts";
import type { Draft } from "../../../protocol/records.ts";
import type { Entry } from "../../../protocol/transcript.ts";
import type { Line } from "../../text/lines.ts";
import { agentMessage } from "./agent-message.ts";
import { command } from "./command.ts";
import { itemOfDraft } from "./draft.ts";
import { type Drawer, type Drawing, marked, textOf, widthMin } from "./drawing.ts";
import { fileChange } from "./file-change.ts";
import { generic } from "./generic.ts";
import { notice } from "./notice.ts";
import { own } from "./own.ts";
import { plan } from "./plan.ts";
import { reasoning } from "./reasoning.ts";
import {
  contextCompaction,
  enteredReview,
  exitedReview,
  imageGeneration,
  imageView,
  subAgentActivity,
  subAgentCall,
} from "./small-cards.ts";
import { toolCall, webSearch } from "./tool-call.ts";
import { turnEnd } from "./turn.ts";
import { userMessage } from "./user-message.ts";

const drawers: Record<string, Drawer> = {
  agentMessage,
  collabAgentToolCall: subAgentCall,
  contextCompaction,
  commandExecution: command,
  dynamicToolCall: toolCall,
  enteredReviewMode: enteredReview,
  exitedReviewMode: exitedReview,
  fileChange,
  imageGeneration,
  imageView,
  mcpToolCall: toolCall,
  plan,
  reasoning,
  subAgentActivity,
  userMessage,
  webSearch,
};

export function drawEntry(entry: Entry, given: Drawing): Line[] {
  const drawing = { ...given, width: Math.max(widthMin, given.width) };
  switch (entry.kind) {
    case "item":
      return [
        ...drawItem(entry.item, drawing),
        ...(entry.cut ? marked("■", "warning", "cut off here", "warning", drawing.width) : []),
      ];
    case "turn":
      return turnEnd(entry, drawing);
    case "own":
      return own(entry.method, entry.params, drawing);
    case "notice":
      return notice(entry.method, entry.params, drawing);
  }
}

export function drawDraft(draft: Draft, given: Drawing): Line[] {
  return drawItem(itemOfDraft(draft), { ...given, width: Math.max(widthMin, given.width) });
}

function drawItem(item: JsonObject, drawing: Drawing): Line[] {
  const type = textOf(item.type);
  const drawer = Object.hasOwn(drawers, type) ? drawers[type] : undefined;
  return drawer ? drawer(item, drawing) : generic(type || "item", item, drawing);
}
