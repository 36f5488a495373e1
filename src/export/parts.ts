/**
 * What an export is made of: the entries that `fold` makes of a history, as a reader wants them,
 * whatever the format. Texts have their control characters shown. Pure.
 */
import { visible, visibleLines } from "../protocol/address.ts";
import { isObject, type Json, type JsonObject } from "../protocol/messages.ts";
import type { SessionEvent } from "../protocol/records.ts";
import { type Actor, describeActor } from "../protocol/session.ts";
import { type Entry, emptyTranscript, fold } from "../protocol/transcript.ts";

export type Part =
  | { kind: "message"; at: string; by: string | null; text: string }
  /** Markdown, as the model wrote it. */
  | { kind: "answer"; text: string }
  | { kind: "command"; command: string; output: string; outcome: string }
  | { kind: "change"; path: string; change: string; diff: string }
  | { kind: "note"; text: string };

export function partsOf(records: readonly SessionEvent[]): Part[] {
  const senders = new Map<string, Actor>();
  for (const { method, params } of records) {
    if (method === "session/message" && isObject(params.by))
      senders.set(string(params.id), params.by as unknown as Actor);
  }
  return records
    .reduce(fold, emptyTranscript)
    .entries.flatMap((entry) => partsOfEntry(entry, senders));
}

function partsOfEntry(entry: Entry, senders: Map<string, Actor>): Part[] {
  switch (entry.kind) {
    case "item":
      return [
        ...partsOfItem(entry.item, entry.at, senders),
        ...(entry.cut ? [note("cut off here")] : []),
      ];
    case "turn":
      if (entry.status === "completed") return [];
      return [note(`turn ${entry.status}${entry.error ? ` ${entry.error}` : ""}`)];
    case "own":
      return noteOfOwn(entry.method, entry.params);
    case "notice": {
      const { error, message, summary } = entry.params;
      const said = (isObject(error) ? error.message : undefined) ?? message ?? summary;
      return string(said) === "" ? [] : [note(`${entry.method}: ${string(said)}`)];
    }
  }
}

function partsOfItem(item: JsonObject, at: string, senders: Map<string, Actor>): Part[] {
  switch (item.type) {
    case "userMessage": {
      const sender = senders.get(string(item.clientId));
      const by = sender === undefined ? null : visible(describeActor(sender));
      return [{ kind: "message", at, by, text: shown(list(item.content).map(ofInput).join("\n")) }];
    }
    case "agentMessage":
    case "plan":
      return string(item.text).trim() === "" ? [] : [{ kind: "answer", text: shown(item.text) }];
    case "commandExecution": {
      const { exitCode, status } = item;
      const failed = typeof exitCode === "number" ? `exit ${exitCode}` : string(status);
      const outcome = exitCode === 0 || failed === "completed" ? "" : visible(failed);
      return [
        {
          kind: "command",
          command: shown(item.command),
          output: shown(item.aggregatedOutput).trimEnd(),
          outcome,
        },
      ];
    }
    case "fileChange":
      return list(item.changes).map(({ path, kind, diff }) => ({
        kind: "change",
        path: visible(string(path)),
        change: visible(isObject(kind) ? string(kind.type) : ""),
        diff: shown(diff).trimEnd(),
      }));
    case "webSearch":
      return [note(`web search: ${string(item.query)}`)];
    case "mcpToolCall":
    case "dynamicToolCall":
    case "collabAgentToolCall": {
      const tool = [string(item.server), string(item.tool)].filter((word) => word !== "").join(".");
      return [note(`tool ${tool}: ${string(item.status)}`)];
    }
    case "reasoning":
      return [];
    default:
      return [note(string(item.type))];
  }
}

function noteOfOwn(method: string, params: JsonObject): Part[] {
  const by = isObject(params.by) ? describeActor(params.by as unknown as Actor) : "somebody";
  const why = typeof params.reason === "string" ? `: ${visible(params.reason)}` : "";
  switch (method) {
    case "session/approval":
      return params.status === "answered"
        ? [
            note(
              `${string(params.decision)} by ${by}: ${string(params.command) || string(params.kind)}`,
            ),
          ]
        : [note(`an approval was lost: ${string(params.reason)}`)];
    case "session/message":
      return [
        note(`message ${string(params.id)} ${string(params.status)} ${string(params.error)}`),
      ];
    case "session/agent":
      return [note(`the agent ${string(params.status)} ${string(params.reason)}`)];
    case "session/panic": {
      const { killed, left } = params;
      if (params.status === "begun") return [note(`everything was stopped by ${by} (panic)`)];
      if (params.status === "lifted") return [note(`${by} lets it go on`)];
      return [note(`processes killed: ${Number(killed)}, left: ${list(left).length}`)];
    }
    case "session/gap":
      return [
        note(`the agent was not heard since ${string(params.since)}: ${string(params.reason)}`),
      ];
    case "session/lost":
      return [note(`records since ${string(params.since)} may be lost: ${string(params.reason)}`)];
    case "session/trimmed":
      return [note(`${Number(params.records)} records up to ${string(params.until)} were dropped`)];
    case "session/interrupted":
      return [note(`interrupted by ${by}${why}`)];
    case "session/renamed":
      return [note(`renamed from ${string(params.from)} to ${string(params.to)} by ${by}`)];
    case "session/ended":
      return [note(`ended by ${by}${why}`)];
    default:
      return [];
  }
}

function ofInput(part: JsonObject): string {
  if (part.type === "text") return string(part.text);
  const what = string(part.path) || string(part.name) || string(part.url).slice(0, 80);
  return `[${string(part.type)}${what === "" ? "" : ` ${what}`}]`;
}

function note(text: string): Part {
  return { kind: "note", text: visible(text.trim().replace(/\s*\n\s*/g, " ")) };
}

function shown(value: Json | undefined): string {
  return visibleLines(string(value));
}

function string(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
