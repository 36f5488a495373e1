/**
 * One entry of a transcript as plain lines, the way `tail` prints it: what was said as it was
 * said, what was done in short. Every text of others has its control characters shown.
 */

import { visible, visibleLines } from "../../protocol/address.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { OwnRecords } from "../../protocol/records.ts";
import { describeActor } from "../../protocol/session.ts";
import type { Entry } from "../../protocol/transcript.ts";
import { trimEnd } from "../../protocol/trim-end.ts";

/** Longer outputs and diffs show their beginning and end; `tail --json` has them whole. */
const linesShownMax = 40;

/** No lines for what says nothing to a reader. */
export function entryLines(entry: Entry): string[] {
  switch (entry.kind) {
    case "item":
      return [...itemLines(entry.item), ...(entry.cut ? ["[cut off here]"] : [])];
    case "turn":
      return turnLines(entry.status, entry.error);
    case "own":
      return ownLines(entry.method, entry.params);
    case "notice":
      return noticeLines(entry.method, entry.params);
  }
}

function itemLines(item: JsonObject): string[] {
  switch (item.type) {
    case "userMessage":
      return textLines(userText(item.content)).map((line) => (line === "" ? ">" : `> ${line}`));
    case "agentMessage":
    case "plan":
      return textLines(text(item.text));
    case "reasoning":
      return textLines(textsOf(item.summary).join("\n")).map((line) => `· ${line}`);
    case "commandExecution":
      return commandLines(item);
    case "fileChange":
      return listOf(item.changes).flatMap((change) => changeLines(change, text(item.status)));
    case "mcpToolCall":
      return [
        `[tool] ${visible(text(item.server))}.${visible(text(item.tool))}: ${visible(text(item.status))}`,
      ];
    case "dynamicToolCall":
    case "collabAgentToolCall":
      return [`[tool] ${visible(text(item.tool))}: ${visible(text(item.status))}`];
    case "webSearch":
      return [`[web search] ${visible(text(item.query))}`];
    case "contextCompaction":
      return ["[the context was compacted]"];
    default:
      return [`[${visible(text(item.type))}]`];
  }
}

function commandLines(item: JsonObject): string[] {
  const [first = "", ...rest] = visibleLines(text(item.command)).split("\n");
  const lines = [`$ ${first}`, ...rest.map((line) => `  ${line}`)];
  lines.push(...bounded(textLines(text(item.aggregatedOutput))));
  if (typeof item.exitCode === "number" && item.exitCode !== 0)
    lines.push(`[exit ${item.exitCode}]`);
  else if (item.status === "declined") lines.push("[declined]");
  else if (item.status === "failed") lines.push("[failed]");
  return lines;
}

function changeLines(change: JsonObject, status: string): string[] {
  const kind = isObject(change.kind) ? text(change.kind.type) : "";
  const did = { add: "added", delete: "deleted", update: "changed" }[kind] ?? visible(kind);
  const note = status === "completed" ? "" : ` [${visible(status)}]`;
  return [`${did} ${visible(text(change.path))}${note}`, ...bounded(textLines(text(change.diff)))];
}

function turnLines(status: string, error: string | null): string[] {
  if (status === "completed") return [];
  return [`! turn ${visible(status)}${error ? `: ${visible(error)}` : ""}`];
}

function ownLines(method: string, given: JsonObject): string[] {
  const own = { method, params: given } as unknown as {
    [M in keyof OwnRecords]: { method: M; params: OwnRecords[M] };
  }[keyof OwnRecords];
  const by = (actor: Parameters<typeof describeActor>[0]) => visible(describeActor(actor));
  switch (own.method) {
    case "session/created":
      return [
        `[${own.params.origin === "new" ? "created" : own.params.origin === "fork" ? "forked" : "resumed"} in ${visible(own.params.spec.cwd)} by ${by(own.params.by)}]`,
      ];
    case "session/message":
      if (own.params.status === "cancelled" && own.params.by !== undefined) {
        return [`[message ${visible(own.params.id)} was taken back by ${by(own.params.by)}]`];
      }
      return [
        `! message ${visible(own.params.id)} ${visible(own.params.status)}${own.params.error ? `: ${visible(own.params.error)}` : ""}`,
      ];
    case "session/approval":
      return approvalEnd(own.params);
    case "session/agent":
      return [`! the agent ${agentText(own.params)}`];
    case "session/panic":
      return [`! ${visible(panicText(own.params))}`];
    case "session/gap":
      return [
        `! not recorded since ${visible(String(own.params.since))}: ${visible(own.params.reason)}; ${fetched(Number(own.params.recovered))} fetched afterwards`,
      ];
    case "session/lost":
      return [
        `! records since ${visible(own.params.since)} may be lost: ${visible(own.params.reason)}; what codex has of them is told again`,
      ];
    case "session/called":
      return [`[${visible(own.params.method)} by ${by(own.params.by)}]`];
    case "session/trimmed":
      return [
        `[${own.params.records} records up to ${visible(own.params.until)} were dropped: only what comes after is kept]`,
      ];
    case "session/control":
      return [`[${visible(controlText(own.params))} by ${by(own.params.by)}]`];
    case "session/interrupted":
      return [`[interrupted by ${by(own.params.by)}${why(own.params.reason)}]`];
    case "session/renamed":
      return [
        `[renamed from ${visible(own.params.from)} to ${visible(own.params.to)} by ${by(own.params.by)}]`,
      ];
    case "session/ended":
      return [`[ended by ${by(own.params.by)}${why(own.params.reason)}]`];
    default:
      return [];
  }
}

function agentText({ status, reason, turnId }: OwnRecords["session/agent"]): string {
  const said = {
    stalled: "does not answer",
    answers: "answers again",
    started: "was started again",
  };
  const did = said[status as keyof typeof said] ?? status;
  const where = turnId === undefined ? "" : " in the middle of a turn";
  return `${did}${where}${why(reason)}`;
}

function panicText(panic: OwnRecords["session/panic"]): string {
  const by = describeActor(panic.by);
  if (panic.status === "lifted") return `${by} lets it go on`;
  if (panic.status !== "done") return `everything was stopped by ${by} (panic)`;
  return `processes killed: ${panic.killed}, left: ${panic.left.length}`;
}

function why(reason: string | undefined): string {
  return reason === undefined ? "" : `: ${visible(reason)}`;
}

function controlText({ action, detail }: OwnRecords["session/control"]): string {
  if (action === "hold") return `held after the crash, since ${text(detail.why)},`;
  const did = { sleep: "put to sleep", restart: "restarted" }[action];
  if (did !== undefined) return did;
  if (action !== "set") return `${action} ${text(detail.method)}`.trim();
  const settings = Object.entries(detail).map(([name, value]) => `${name} ${text(value)}`);
  return `set ${settings.join(", ")}`;
}

function fetched(items: number): string {
  return items === 1 ? "1 item was" : `${items} items were`;
}

function approvalEnd(params: OwnRecords["session/approval"]): string[] {
  if (params.status === "requested") return [];
  if (params.status === "lost")
    return [`! an approval was lost (${visible(params.kind)}): ${visible(params.reason)}`];
  const what = params.command === null ? params.kind : params.command;
  const [first = "", ...rest] = visibleLines(what).split("\n");
  const lines = [`[${visible(params.decision)} by ${visible(describeActor(params.by))}] ${first}`];
  return [...lines, ...rest.map((line) => `  ${line}`)];
}

/** Of codex's other notifications, those that carry a message for people. */
function noticeLines(method: string, params: JsonObject): string[] {
  const inner = isObject(params.error) ? params.error.message : (params.message ?? params.summary);
  if (typeof inner !== "string" || inner === "") return [];
  return [`! ${visible(method)}: ${visible(inner)}`];
}

/** A user's message: its text, and what was put beside it. */
export function userText(content: Json | undefined): string {
  return listOf(content)
    .map((part) => {
      if (part.type === "text") return text(part.text);
      return `[${text(part.type)}: ${text(part.path ?? part.url ?? part.name)}]`;
    })
    .join("\n");
}

function bounded(lines: string[]): string[] {
  if (lines.length <= linesShownMax) return lines;
  const half = linesShownMax / 2;
  const left = lines.length - linesShownMax;
  return [...lines.slice(0, half), `[… ${left} more lines …]`, ...lines.slice(-half)];
}

function textLines(given: string): string[] {
  const shown = trimEnd(visibleLines(given), "\n");
  return shown === "" ? [] : shown.split("\n");
}

function text(value: Json | undefined): string {
  return typeof value === "string"
    ? value
    : value === undefined || value === null
      ? ""
      : JSON.stringify(value);
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
