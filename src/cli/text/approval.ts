/** An approval in words. Nothing of what would run is left out, and nothing of it is obeyed. */
import { visible, visibleLines } from "../../protocol/address.ts";
import { ago } from "../../protocol/duration.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { type Approval, type ApprovalDetail, besidesOf } from "../../protocol/session.ts";
import { stringOf } from "../../protocol/shape.ts";
import { shellWord } from "./shell.ts";
import { wrap } from "./wrap.ts";

/** What it asks, on as many lines as that takes, without its answers. */
export function askedLines(approval: Approval & { params?: JsonObject }): string[] {
  const lines: string[] = [];
  const sign = approval.kind === "command" ? "$ " : "";
  if (approval.unknown !== undefined) lines.push(...indented(`! not known: ${approval.unknown}`));
  // The files of a change come with their diffs.
  if (approval.command !== null && approval.changes === undefined)
    lines.push(...indented(`${sign}${approval.command}`));
  for (const { path, diff } of approval.changes ?? []) {
    lines.push(...indented(`${textOf(path)}\n${textOf(diff).trimEnd()}`));
  }
  for (const question of questionsOf(approval.params)) {
    const options = question.options.length > 0 ? ` (${question.options.join(" | ")})` : "";
    lines.push(...indented(`${question.id}: ${question.text}${options}`));
  }
  if (typeof approval.params?.message === "string")
    lines.push(...indented(approval.params.message));
  for (const [label, value] of besidesOf(approval.params))
    lines.push(...indented(`${label}: ${value}`));
  if (approval.cwd !== null) lines.push(`in ${visible(approval.cwd)}`);
  if (approval.reason !== null) lines.push(...indented(`reason: ${approval.reason}`));
  return lines;
}

/**
 * One approval as `approvals` lists it. What would run keeps its own lines, whatever the terminal
 * makes of long ones; what is ours to say is wrapped.
 */
export function approvalLines(
  approval: ApprovalDetail,
  columns: number = Number.POSITIVE_INFINITY,
  nowMs?: number,
): string[] {
  const { id, session, kind, createdAt, decisions } = approval;
  const answers = decisions.map(
    (decision) => `${visible(decision.id)} (${visible(decision.label)})`,
  );
  const head = `${visible(session)}  ${visible(kind)}  ${visible(id)}  ${ago(createdAt, nowMs)}`;
  const body = askedLines(approval).map((line) => `  ${line}`);
  if (answers.length > 0) body.push(...wrap(`  answers: ${answers.join(", ")}`, columns, "    "));
  return [...wrap(head, columns, "  "), ...body];
}

/** How to answer it, as a command to copy. */
export function answerHint(approval: Approval & { params?: JsonObject }): string {
  const which = `${shellWord(approval.session)} ${shellWord(approval.id)}`;
  if (approval.kind === "question") {
    const [first] = questionsOf(approval.params);
    const answer = shellWord(`${first?.id ?? "QUESTION"}=TEXT`);
    return `hacs-session approve ${which} --answer ${answer}`;
  }
  return `hacs-session approve ${which}, or: hacs-session deny ${which}`;
}

/** The questions of codex's `item/tool/requestUserInput`; none for other kinds. */
export function questionsOf(
  params: JsonObject | undefined,
): { id: string; text: string; options: string[] }[] {
  const questions: Json | undefined = params?.questions;
  if (!Array.isArray(questions)) return [];
  return questions.filter(isObject).map((question) => ({
    id: textOf(question.id),
    text: textOf(question.question) || textOf(question.header),
    options: (Array.isArray(question.options) ? question.options : [])
      .filter(isObject)
      .map((option) => textOf(option.label)),
  }));
}

function textOf(value: Json | undefined): string {
  return stringOf(value) ?? "";
}

function indented(text: string): string[] {
  const [first = "", ...rest] = visibleLines(text).split("\n");
  return [first, ...rest.map((line) => `  ${line}`)];
}
