/** What a session is doing this moment, from what is on its way in it. Pure. */
import { type Action, type ActionKind, withoutShell } from "../../protocol/activity.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import type { Draft } from "../../protocol/records.ts";
import type { Approval } from "../../protocol/session.ts";
import { isoOf } from "../../protocol/shape.ts";
import { itemOfDraft } from "./drafts.ts";

/** The longest text of an action; a screen shows less. */
const textCharsMax = 200;

/** What waits for an answer goes before what runs, and what began last before the rest. */
export function actionOf(
  { waiting, drafts, busy }: { waiting: readonly Approval[]; drafts: Draft[]; busy: boolean },
  threadId: string | null,
): Action | null {
  const [asked] = waiting;
  if (asked !== undefined) {
    const text = oneLine(withoutShell(asked.command ?? asked.kind));
    return { kind: "approval", text, since: asked.createdAt };
  }
  // A sub-agent's items are what the session does while its own thread waits for them.
  const own = drafts.filter((draft) => draft.threadId === threadId);
  const draft = (own.length > 0 ? own : drafts).at(-1);
  if (draft !== undefined) return ofItem(itemOfDraft(draft));
  return busy ? { kind: "think", text: "", since: null } : null;
}

function ofItem(item: JsonObject): Action {
  const [kind, text] = wordsOf(item);
  const { startedAtMs } = item;
  const since = isoOf(startedAtMs) ?? null;
  return { kind, text: oneLine(text), since };
}

function wordsOf(item: JsonObject): [ActionKind, string] {
  const type = textOf(item.type);
  switch (type) {
    case "commandExecution":
      return ["command", withoutShell(textOf(item.command))];
    case "fileChange":
      return ["change", pathsOf(item.changes).join(" ")];
    case "mcpToolCall":
    case "dynamicToolCall":
      return [
        "tool",
        [item.server ?? item.namespace, item.tool].map(textOf).filter(Boolean).join("."),
      ];
    case "webSearch":
      return ["search", searched(item)];
    case "collabAgentToolCall":
      return ["agent", textOf(item.prompt) || textOf(item.tool)];
    case "reasoning":
    case "userMessage":
      return ["think", ""];
    case "agentMessage":
      return ["write", ""];
    case "plan":
      return ["plan", ""];
    case "contextCompaction":
      return ["compact", ""];
    case "enteredReviewMode":
      return ["review", textOf(item.review)];
    default:
      return [type, ""];
  }
}

function pathsOf(changes: unknown): string[] {
  const all = Array.isArray(changes) ? changes.filter(isObject) : [];
  // A file's name says most of it, and several have no room for more.
  return all.map(({ path }) => textOf(path).split("/").at(-1) ?? "");
}

function searched(item: JsonObject): string {
  const action = isObject(item.action) ? item.action : {};
  return textOf(item.query) || textOf(action.query) || textOf(action.url);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= textCharsMax) return line;
  return `${line.slice(0, textCharsMax - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
