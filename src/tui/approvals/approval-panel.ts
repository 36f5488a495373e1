/**
 * The prompt of the approval that has waited longest. What is to be approved is shown whole: it
 * is wrapped, and when it has more rows than there is room for it scrolls and says how many are
 * not in view. Pure.
 */
import { visible, visibleLines } from "../../protocol/address.ts";
import type { Draft } from "../../protocol/records.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import type { FormState, Model } from "../model.ts";
import { cells, chop, cut, type Line, span, wrap } from "../text/lines.ts";
import { itemOfDraft } from "../transcript/items/draft.ts";
import { fileChange } from "../transcript/items/file-change.ts";
import { type KeyedDecision, keyed } from "./decisions.ts";
import { digitsMax, type Field, fieldsOf } from "./form.ts";

/** What is seen at once of what is asked, at the least. */
const bodyRowsMin = 3;

export interface ApprovalPanel {
  rows: Line[];
  /** The furthest that the body scrolls. */
  rowMax: number;
  bodyRows: number;
}

const titles: Record<string, string> = {
  command: "Run this command?",
  fileChange: "Make these changes?",
  permissions: "Grant these permissions?",
  question: "The agent asks",
  elicitation: "A tool asks",
};

/** What is said of the keys that lead into the prompt and out of it. */
export interface PanelWords {
  open: Line;
  leave: Line;
}

const attachWords: PanelWords = {
  open: [span("Tab", "key"), span(" or /answer; or /approve, /deny", "dim")],
  leave: [span("Esc", "key"), span(" back to writing", "dim")],
};

export function approvalPanel(
  model: Model,
  rowsMax: number,
  words: PanelWords = attachWords,
): ApprovalPanel | null {
  const dialog = model.dialog?.kind === "approval" ? model.dialog : null;
  const approval = dialog
    ? model.transcript.approvals.find(({ id }) => id === dialog.id)
    : model.transcript.approvals[0];
  if (approval === undefined) return null;
  const width = Math.max(8, model.size.columns - 2);
  const whole = dialog?.form
    ? formBody(approval, dialog.form, width)
    : approvalBody(model, approval, width);
  const { body, foot } = parted(whole, footOf(model, approval, words, dialog, width), rowsMax);
  const room = Math.max(1, rowsMax - foot.length - 1);
  const rowMax = Math.max(0, body.length - room);
  const row = Math.min(dialog?.row ?? 0, rowMax);
  const shown = body.slice(row, row + room);
  const more = (rowMax > 0 ? moreText(row, rowMax) : "") + countText(model);
  const title = titles[approval.kind] ?? `codex asks: ${visible(approval.kind)}`;
  const style = dialog ? "approval" : "warning";
  // However long the title, how much is not in view is said.
  const titled = cut([span(`? ${title}`, style)], Math.max(8, model.size.columns - cells(more)));
  const head = cut([...titled, span(more, "dim")], model.size.columns);
  const rows = [head, ...shown.map((line) => bar(line)), ...foot.map((line) => bar(line))];
  return { rows: rows.slice(0, rowsMax), rowMax, bodyRows: room };
}

/**
 * The answers stand still below what scrolls, while they leave it room. A rule that comes with one
 * of them can be as long as its author likes: answers that take too much scroll with the rest.
 */
function parted(body: Line[], foot: Line[], rowsMax: number): { body: Line[]; foot: Line[] } {
  const fits = foot.length + 1 + Math.min(body.length, bodyRowsMin) <= rowsMax;
  return fits ? { body, foot } : { body: [...body, ...foot], foot: [] };
}

function bar(line: Line): Line {
  return [span("│ ", "warning"), ...line];
}

function moreText(row: number, rowMax: number): string {
  const below = rowMax - row;
  const above = row > 0 ? `▲ ${row} rows ` : "";
  return `  ${above}${below > 0 ? `▼ ${below} rows more` : ""}`;
}

function countText({ transcript }: Model): string {
  const { length } = transcript.approvals;
  return length > 1 ? `  1 of ${length}` : "";
}

/** A command can be long, and a key asks for its rows more than once: they are kept. */
const bodies = new WeakMap<ApprovalDetail, { of: readonly unknown[]; rows: Line[] }>();

function approvalBody(model: Model, approval: ApprovalDetail, width: number): Line[] {
  const of = [width, model.transcript.session?.cwd, draftOf(model, approval)];
  const known = bodies.get(approval);
  if (known?.of.every((one, index) => one === of[index])) return known.rows;
  const rows = drawBody(model, approval, width);
  bodies.set(approval, { of, rows });
  return rows;
}

function drawBody(model: Model, approval: ApprovalDetail, width: number): Line[] {
  const rows: Line[] = [];
  const say = (label: string, text: string | null) => {
    if (text === null || text === "") return;
    for (const line of visibleLines(text).split("\n")) {
      rows.push(...wrap([span(label, "dim"), span(line)], width));
    }
  };
  for (const line of visibleLines(approval.command ?? "").split("\n")) {
    if (approval.command !== null) rows.push(...chop([span(line, "command")], width));
  }
  rows.push(...changesOf(model, approval, width));
  say("in ", approval.cwd);
  say("because ", approval.reason);
  for (const [label, key] of besides) {
    const value = approval.params[key];
    if (value !== null && value !== undefined) say(`${label} `, JSON.stringify(value));
  }
  if (approval.command === null && rows.length === 0) say("", JSON.stringify(approval.params));
  const fields = fieldsOf(approval);
  if (approval.kind === "elicitation") {
    say("from ", String(approval.params.serverName ?? ""));
    if (fields.length > 0) say("it wants ", fields.map(({ title }) => title).join(", "));
  }
  return rows;
}

/** What a decision also grants, and must be seen for it. */
const besides: [string, string][] = [
  ["network", "networkApprovalContext"],
  ["permissions", "additionalPermissions"],
  ["write under", "grantRoot"],
];

function draftOf({ transcript }: Model, { kind, params }: ApprovalDetail): Draft | undefined {
  if (kind !== "fileChange") return undefined;
  return transcript.drafts.find(({ itemId }) => itemId === params.itemId);
}

/** The diff of a file change lies in the item that waits, and where that is not here, beside it. */
function changesOf(model: Model, approval: ApprovalDetail, width: number): Line[] {
  if (approval.kind !== "fileChange") return [];
  const draft = draftOf(model, approval);
  const item = draft === undefined ? { changes: approval.changes ?? [] } : itemOfDraft(draft);
  const cwd = model.transcript.session?.cwd ?? "";
  return fileChange(item, { width, expanded: true, demo: false, more: "", cwd });
}

function footOf(
  model: Model,
  approval: ApprovalDetail,
  { open, leave }: PanelWords,
  dialog: { form: FormState | null } | null,
  width: number,
): Line[] {
  if (model.readOnly) return wrap([span("read-only: answered elsewhere", "dim")], width);
  if (!model.pane.focused) {
    const goes = `${keyName(model.around.prefix)} o`;
    return wrap([span(goes, "key"), span(" (or /pane) comes here, to answer", "dim")], width);
  }
  if (dialog === null) return wrap(open, width);
  if (dialog.form !== null) {
    return wrap([span("Enter", "key"), span(" goes on, "), ...leave], width);
  }
  const decisions = keyed(approval.decisions).flatMap((decision) => choice(decision, width));
  const fill =
    fieldsOf(approval).length > 0 ? [[span("f", "key"), span(" fill in and accept")]] : [];
  return [...fill, ...decisions, ...wrap(leave, width)];
}

function choice({ key, label }: KeyedDecision, width: number): Line[] {
  // What does not fit goes on under the words, so that the keys stand alone in their column.
  return wrap([span(visible(label))], Math.max(1, width - 2)).map(
    (line, index): Line => [index === 0 ? span(key, "key") : span(" "), span(" "), ...line],
  );
}

function formBody(approval: ApprovalDetail, form: FormState, width: number): Line[] {
  const fields = fieldsOf(approval);
  const field = fields[form.index];
  if (field === undefined) return [];
  const count = fields.length > 1 ? ` (${form.index + 1} of ${fields.length})` : "";
  const options = field.options.flatMap(({ label, about }, index) =>
    wrap(
      [
        span(`${index + 1}`, "key"),
        span(` ${visible(label)}`),
        span(about === "" ? "" : `  ${visible(about)}`, "dim"),
      ],
      width,
    ),
  );
  const entry = chop([span("› ", "prompt"), span(`${entered(field, form)}▏`)], width);
  // Of a long list the end is out of view, and what one writes must not be.
  const many = field.options.length > digitsMax;
  return [
    ...wrap([span(visible(field.title) + count, "bold")], width),
    ...visibleLines(field.prompt)
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => wrap([span(line)], width)),
    ...(many ? entry : options),
    ...(many ? options : field.free ? entry : []),
  ];
}

function entered(field: Field, form: FormState): string {
  return field.secret ? "•".repeat(form.text.length) : visible(form.text);
}
