/**
 * The prompt of the approval that has waited longest. What is to be approved is shown whole: it
 * is wrapped, and when it has more rows than there is room for it scrolls, says how many are not in
 * view, and can't be accepted before its last row was. Pure.
 */
import { visible } from "../../protocol/address.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import type { FormState, Model } from "../model.ts";
import { cells, chop, cut, type Line, span, wrap } from "../text/lines.ts";
import { type Asked, askedOf, seenWhole } from "./asked.ts";
import { type KeyedDecision, keyed } from "./decisions.ts";
import { type Field, fieldsOf, isLong, optionOf } from "./form.ts";

/** What is seen at once of what is asked, at the least. */
const bodyRowsMin = 3;

/** What stands above the composer and takes the keyboard. */
export interface Panel {
  rows: Line[];
  /** The furthest that the body scrolls. */
  rowMax: number;
  bodyRows: number;
}

export interface ApprovalPanel extends Panel {
  asked: Asked;
  /** How many rows of it are below what was in view so far. */
  unseen: number;
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
  // A question's first field is what it asks, whether one answers it or not yet.
  const index = dialog?.form?.index ?? (approval.kind === "question" ? 0 : null);
  const asked = askedOf(model, approval, index, width);
  const parts = parted(asked, footOf(model, approval, words, dialog, width), rowsMax);
  const { body, foot } = parts;
  const room = Math.max(1, rowsMax - foot.length - 1);
  const rowMax = Math.max(0, body.length - room);
  const row = Math.min(dialog?.row ?? 0, rowMax);
  const inView = Math.min(room, rowsMax - 1);
  const isRead = model.shown?.id === approval.id && model.shown.read === asked;
  const unseen = isRead ? 0 : Math.max(0, parts.needed - row - inView);
  const shown = body.slice(row, row + room);
  const more = (rowMax > 0 ? moreText(row, rowMax) : "") + countText(model);
  const title = titles[approval.kind] ?? `codex asks: ${visible(approval.kind)}`;
  const style = dialog ? "approval" : "warning";
  // However long the title, how much is not in view is said.
  const titled = cut([span(`? ${title}`, style)], Math.max(8, model.size.columns - cells(more)));
  const head = cut([...titled, span(more, "dim")], model.size.columns);
  const rows = [head, ...shown.map((line) => bar(line)), ...foot.map((line) => bar(line))];
  return { rows: rows.slice(0, rowsMax), rowMax, bodyRows: room, asked, unseen };
}

/**
 * The answers stand still below what scrolls, while they leave it room. A rule that comes with one
 * of them can be as long as its author likes: answers that take too much scroll with the rest.
 */
function parted(
  { rows, needed }: Asked,
  foot: readonly Line[],
  rowsMax: number,
): { body: readonly Line[]; foot: readonly Line[]; needed: number } {
  const fits = foot.length + 1 + Math.min(rows.length, bodyRowsMin) <= rowsMax;
  if (fits) return { body: rows, foot, needed };
  const body = [...rows, ...foot];
  return { body, foot: [], needed: body.length };
}

function bar(line: Line): Line {
  return [span("│ ", "warning"), ...line];
}

function moreText(row: number, rowMax: number): string {
  const below = rowMax - row;
  const rows = (count: number) => (count === 1 ? "1 row" : `${count} rows`);
  const above = row > 0 ? `▲ ${rows(row)} ` : "";
  return `  ${above}${below > 0 ? `▼ ${rows(below)} more` : ""}`;
}

function countText({ transcript }: Model): string {
  const { length } = transcript.approvals;
  return length > 1 ? `  1 of ${length}` : "";
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
    const field = fieldsOf(approval)[dialog.form.index];
    const entry = field === undefined ? [] : entryRows(field, dialog.form, width);
    return [...entry, ...wrap([span("Enter", "key"), span(" goes on, "), ...leave], width)];
  }
  const decisions = keyed(approval.decisions).flatMap((decision) => choice(decision, width));
  const fill =
    fieldsOf(approval).length > 0 ? [[span("f", "key"), span(" fill in and accept")]] : [];
  return [...fill, ...decisions, ...wrap(leave, width)];
}

function choice({ key, label }: KeyedDecision, width: number): Line[] {
  // What does not fit goes on under the words, so that the keys stand alone in their column.
  const room = Math.max(1, width - 2);
  return seenWhole(wrap([span(visible(label))], room), room).map(
    (line, index): Line => [index === 0 ? span(key, "key") : span(" "), span(" "), ...line],
  );
}

/** What is written in a form, its end in view. */
function entryRows(field: Field, form: FormState, width: number): Line[] {
  if (!field.free && !isLong(field)) return [];
  const option = isLong(field) ? optionOf(field, form.text) : null;
  const meant = option === null ? "" : `  ${visible(field.options[option]?.label ?? "")}`;
  const text = [span("› ", "prompt"), span(`${entered(field, form)}▏`), span(meant, "dim")];
  return chop(text, width).slice(-entryRowsMax);
}

const entryRowsMax = 3;

function entered(field: Field, form: FormState): string {
  return field.secret ? "•".repeat(form.text.length) : visible(form.text);
}
