/** A history as Markdown, for `/export`. Pure. */
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import type { SessionEvent } from "../../protocol/records.ts";
import { type Entry, emptyTranscript, fold } from "../../protocol/transcript.ts";
import { userText } from "../transcript/items/user-message.ts";

export function markdownOf(name: string, records: readonly SessionEvent[]): string {
  const { entries } = records.reduce(fold, emptyTranscript);
  const parts = entries.map(partOf).filter((part) => part !== "");
  return `# ${name}\n\n${parts.join("\n\n")}\n`;
}

function partOf(entry: Entry): string {
  if (entry.kind === "turn") {
    return entry.status === "completed" ? "" : `*turn ${entry.status}* ${entry.error ?? ""}`.trim();
  }
  return entry.kind === "item" ? itemPart(entry.item, entry.at) : "";
}

function itemPart(item: JsonObject, at: string): string {
  switch (item.type) {
    case "userMessage":
      return `## ${at.slice(0, 16).replace("T", " ")}\n\n${quoted(userText(item))}`;
    case "agentMessage":
    case "plan":
      return text(item.text);
    case "commandExecution": {
      const code = typeof item.exitCode === "number" ? ` (exit ${item.exitCode})` : "";
      const said = `$ ${text(item.command)}\n${text(item.aggregatedOutput)}`.trimEnd();
      return `${fenced(said)}${code === "" ? "" : `\n${code.trim()}`}`;
    }
    case "fileChange": {
      const changes = Array.isArray(item.changes) ? item.changes.filter(isObject) : [];
      return changes
        .map(({ path, diff }) => `\`${text(path)}\`\n\n${fenced(text(diff), "diff")}`)
        .join("\n\n");
    }
    case "reasoning":
      return "";
    default:
      return `*${text(item.type)}*`;
  }
}

function quoted(said: string): string {
  return said
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}

/** A fence longer than any in the text. */
function fenced(said: string, language = ""): string {
  const longest = Math.max(2, ...[...said.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${said}\n${fence}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
