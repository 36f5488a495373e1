/** What is asked, as rows: all of it, and what in it is not what it seems. Pure. */
import { visible, visibleLines } from "../../protocol/address.ts";
import type { Draft } from "../../protocol/records.ts";
import { type ApprovalDetail, besidesOf } from "../../protocol/session.ts";
import type { Model } from "../model.ts";
import { chop, type Line, span, widestCells, wrap } from "../text/lines.ts";
import { itemOfDraft } from "../transcript/items/draft.ts";
import { objectsOf, textOf } from "../transcript/items/drawing.ts";
import { fileChange } from "../transcript/items/file-change.ts";
import { type Field, fieldsOf, isLong } from "./form.ts";
import { lookalikes, turnedAround } from "./lookalikes.ts";

export interface Asked {
  rows: readonly Line[];
  /** How many of them, from the first, have to be seen before it is answered. */
  needed: number;
}

/** It can be long, and a key asks for it more than once: it stays the same one while nothing in it is another. */
const known = new WeakMap<ApprovalDetail, { of: readonly unknown[]; asked: Asked }>();

/** `index` is that of a form's field; null for what is asked as a whole. */
export function askedOf(
  model: Model,
  approval: ApprovalDetail,
  index: number | null,
  width: number,
): Asked {
  const of = [width, index, model.transcript.session?.cwd, draftOf(model, approval)];
  const kept = known.get(approval);
  if (kept?.of.every((one, place) => one === of[place])) return kept.asked;
  const field = index === null ? undefined : fieldsOf(approval)[index];
  const asked =
    field === undefined
      ? wholeRows(model, approval, width)
      : fieldRows(field, index ?? 0, fieldsOf(approval).length, width);
  known.set(approval, { of, asked });
  return asked;
}

function wholeRows(model: Model, approval: ApprovalDetail, width: number): Asked {
  const rows: Line[] = [];
  const say = (label: string, text: string | null) => {
    if (text === null || text === "") return;
    for (const line of visibleLines(text).split("\n")) {
      rows.push(...wrap([span(label, "dim"), span(line)], width));
    }
  };
  const { changes } = changesOf(model, approval);
  const beside = besidesOf(approval.params);
  const isUnknown = approval.unknown !== undefined && changes.length === 0;
  if (isUnknown)
    rows.push(...wrap([span(`! not known: ${visible(approval.unknown ?? "")}`, "warning")], width));
  const shown = rows.length;
  rows.push(...warnings(textsIn(approval, changes), changes.map(diffIn), width));
  for (const line of commandLines(approval, changes)) {
    rows.push(...chop([span(line, "command")], width));
  }
  if (approval.kind === "fileChange") rows.push(...changeRows(model, changes, width));
  say("in ", approval.cwd);
  say("because ", approval.reason);
  for (const [label, value] of beside) say(`${label} `, value);
  if (approval.command === null && (isUnknown || rows.length === shown))
    say("", JSON.stringify(approval.params));
  const fields = fieldsOf(approval);
  if (approval.kind === "elicitation") {
    say("from ", textOf(approval.params.serverName));
    if (fields.length > 0) say("it wants ", fields.map(({ title }) => title).join(", "));
  }
  const whole = seenWhole(rows, width);
  return { rows: whole, needed: whole.length };
}

/**
 * A row that this terminal may take for wider than it is would lose its end at the edge, and what is
 * approved with it.
 */
export function seenWhole(rows: readonly Line[], width: number): Line[] {
  return rows.flatMap((row) => chop(row, width, widestCells));
}

/** Of the files of a change, those that its diff does not name. */
function commandLines({ command }: ApprovalDetail, changes: ReturnType<typeof objectsOf>) {
  const paths = new Set(changes.map(({ path }) => path));
  const lines = (command ?? "").split("\n").filter((line) => !paths.has(line));
  return command === null || lines.length === 0 ? [] : visibleLines(lines.join("\n")).split("\n");
}

function textsIn(approval: ApprovalDetail, changes: ReturnType<typeof objectsOf>): string[] {
  const { command, cwd, reason, decisions, params } = approval;
  return [
    ...[command, cwd, reason].map(textOf),
    ...decisions.map(({ label }) => label),
    ...besidesOf(params).map(([, value]) => value),
    ...changes.map(({ path, kind }) => `${textOf(path)} ${JSON.stringify(kind ?? "")}`),
  ];
}

const diffIn = ({ diff }: ReturnType<typeof objectsOf>[number]): string => textOf(diff);

/** A file may well hold Hebrew; only where one reads what is done does the order of letters matter. */
function warnings(texts: readonly string[], contents: readonly string[], width: number): Line[] {
  return [...lookalikes([...texts, ...contents]), ...turnedAround(texts)].flatMap((text) =>
    wrap([span(`! ${text}`, "warning")], width),
  );
}

function draftOf({ transcript }: Model, { kind, params }: ApprovalDetail): Draft | undefined {
  if (kind !== "fileChange") return undefined;
  return transcript.drafts.find(({ itemId }) => itemId === params.itemId);
}

/** The diff of a file change lies in the item that waits, and where that is not here, beside it. */
function changesOf(model: Model, approval: ApprovalDetail) {
  if (approval.kind !== "fileChange") return { changes: [] };
  const draft = draftOf(model, approval);
  const given = draft === undefined ? approval.changes : itemOfDraft(draft).changes;
  return { changes: objectsOf(given) };
}

function changeRows(model: Model, changes: ReturnType<typeof objectsOf>, width: number): Line[] {
  const cwd = model.transcript.session?.cwd ?? "";
  return fileChange({ changes }, { width, expanded: true, demo: false, more: "", cwd });
}

function fieldRows(field: Field, index: number, count: number, width: number): Asked {
  const place = count > 1 ? ` (${index + 1} of ${count})` : "";
  const labels = field.options.flatMap(({ label, about }) => [label, about]);
  const title = [
    ...warnings([field.title, field.prompt, ...labels], [], width),
    ...wrap([span(visible(field.title) + place, "bold")], width),
    ...visibleLines(field.prompt)
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => wrap([span(line)], width)),
  ];
  const options = field.options.flatMap(({ label, about }, option) =>
    wrap(
      [
        span(`${option + 1}`, "key"),
        span(` ${visible(label)}`),
        span(about === "" ? "" : `  ${visible(about)}`, "dim"),
      ],
      width,
    ),
  );
  const head = seenWhole(title, width);
  const rows = [...head, ...seenWhole(options, width)];
  // What one takes of a long list is said where its number is written.
  return { rows, needed: isLong(field) ? head.length : rows.length };
}
