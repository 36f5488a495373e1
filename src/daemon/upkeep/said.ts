/** What a record says, in words that somebody may look for. Pure. */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";

/** Of a long text its beginning and its end are in the index. */
const headChars = 12 * 1024;
const tailChars = 4 * 1024;

/** The methods whose params are worth reading. */
export const SPEAKING = new Set(["item/completed", "session/cut", "turn/completed"]);

export function saidIn(method: string, params: JsonObject): { kind: string; text: string } | null {
  const said = method === "turn/completed" ? ofTurn(params.turn) : ofItem(params.item);
  if (said === null || said.text.trim() === "") return null;
  return { kind: said.kind, text: bounded(said.text) };
}

function ofTurn(turn: Json | undefined) {
  const error = isObject(turn) && isObject(turn.error) ? string(turn.error.message) : "";
  return { kind: "error", text: error };
}

function ofItem(item: Json | undefined): { kind: string; text: string } | null {
  if (!isObject(item)) return null;
  switch (item.type) {
    case "userMessage":
      return { kind: "message", text: lines(list(item.content).map(ofInput)) };
    case "agentMessage":
      return { kind: "answer", text: string(item.text) };
    case "plan":
      return { kind: "plan", text: string(item.text) };
    case "reasoning":
      return { kind: "reasoning", text: lines(texts(item.summary)) };
    case "commandExecution":
      return {
        kind: "command",
        text: lines([string(item.command), string(item.aggregatedOutput)]),
      };
    case "fileChange":
      return { kind: "change", text: lines(list(item.changes).map(({ path }) => string(path))) };
    case "webSearch":
      return { kind: "search", text: string(item.query) };
    case "mcpToolCall":
    case "dynamicToolCall":
      return {
        kind: "tool",
        text: lines([string(item.server), string(item.tool), JSON.stringify(item.arguments ?? "")]),
      };
    default:
      return null;
  }
}

function ofInput(part: JsonObject): string {
  return part.type === "text" ? string(part.text) : string(part.path ?? part.url ?? part.name);
}

function bounded(text: string): string {
  if (text.length <= headChars + tailChars) return text;
  return `${text.slice(0, headChars)}\n…\n${text.slice(-tailChars)}`;
}

function lines(parts: string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}

function string(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(string) : [];
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
