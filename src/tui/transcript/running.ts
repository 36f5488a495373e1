/** What is said of a command or a tool's call that has not ended: for how long, or what for. Pure. */
import { formatDuration } from "../../protocol/duration.ts";
import type { Draft } from "../../protocol/records.ts";
import type { Model } from "../model.ts";

const cards = new Set<unknown>([
  "commandExecution",
  "mcpToolCall",
  "dynamicToolCall",
  "collabAgentToolCall",
]);

/** Null for what shows by its text that it goes on. */
export function runningText(model: Model, draft: Draft): string | null {
  const { approvals } = model.transcript;
  if (approvals.some(({ params }) => params.itemId === draft.itemId)) {
    return model.readOnly ? "waits for an answer" : "waits for your answer";
  }
  if (!cards.has(draft.item?.type)) return null;
  const since = Math.max(startOf(draft), answeredAt(model, draft));
  // The daemon's clock and this one may differ; what has just begun has no time yet.
  const ms = model.now - since;
  return Number.isNaN(ms) || ms < 1000 ? "running…" : `running ${formatDuration(ms)}…`;
}

/** True for what the prompt that is shown asks about. */
export function isAsked({ dialog, transcript: { approvals } }: Model, draft: Draft): boolean {
  const id = dialog?.kind === "approval" ? dialog.id : approvals[0]?.id;
  return approvals.some((one) => one.id === id && one.params.itemId === draft.itemId);
}

function startOf({ startedAt }: Draft): number {
  return startedAt === undefined ? Number.NaN : Date.parse(startedAt);
}

/** A command that was asked for runs from the answer on: the last one since it was announced. */
function answeredAt({ transcript: { entries } }: Model, draft: Draft): number {
  const start = startOf(draft);
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at]!;
    const ms = Date.parse(entry.at);
    if (!(ms >= start)) break;
    if (entry.kind === "own" && entry.method === "session/approval") return ms;
  }
  return start;
}
