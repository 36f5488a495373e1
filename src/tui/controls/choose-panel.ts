/** A list to choose from, in the place of a prompt. Pure. */
import { visible } from "../../protocol/address.ts";
import type { Panel } from "../approvals/approval-panel.ts";
import type { Choice, Model } from "../model.ts";
import { cut, type Line, lineCells, span, wrap } from "../text/lines.ts";

/** Of the chosen one, what is said about it is in view whole: so many rows of it. */
const aboutRowsMax = 3;
const indent = "    ";

export function choosePanel({ dialog, size }: Model, rowsMax: number): Panel | null {
  if (dialog?.kind !== "choose") return null;
  const all = dialog.choices ?? [];
  const row = Math.max(0, Math.min(dialog.row, all.length - 1));
  const head = headLine(visible(dialog.title), dialog.choices, size.columns);
  const chosen = all[row] === undefined ? [] : chosenRows(all[row], size.columns, rowsMax - 1);
  const room = Math.max(1, rowsMax - 1 - Math.max(0, chosen.length - 1));
  const first = Math.max(0, Math.min(row - room + 1, all.length - room));
  const shown = all
    .slice(first, first + room)
    .flatMap((choice, index) => (first + index === row ? chosen : [lineOf(choice, false)]));
  const rows = [head, ...shown].map((line) => cut(line, size.columns)).slice(0, rowsMax);
  return { rows, rowMax: Math.max(0, all.length - 1), bodyRows: room };
}

function headLine(title: string, choices: readonly Choice[] | null, columns: number): Line {
  const hints = choices === null ? asking : taking;
  const line = (hint: string): Line => [span(title, "heading"), span(`  ${hint}`, "dim")];
  return hints.map(line).find((one) => lineCells(one) <= columns) ?? [span(title, "heading")];
}

const asking = ["asking codex…  Esc leaves", "asking codex…"];
const taking = ["Enter takes it, Esc leaves", "Enter, or Esc"];

function chosenRows(choice: Choice, columns: number, rowsMax: number): Line[] {
  const whole = lineOf(choice, true);
  if (lineCells(whole) <= columns || rowsMax < 2 + aboutRowsMax) return [whole];
  const about = wrap([span(aboutOf(choice), "dim")], Math.max(1, columns - indent.length));
  return [
    lineOf({ ...choice, about: "" }, true),
    ...about.slice(0, aboutRowsMax).map((line): Line => [span(indent), ...line]),
  ];
}

function lineOf(choice: Choice, chosen: boolean): Line {
  const { label, current, key } = choice;
  const about = aboutOf(choice);
  return [
    span(chosen ? "▸ " : "  ", "prompt"),
    span(key === undefined ? "" : `${key} `, "key"),
    span(visible(label), chosen ? "key" : "plain"),
    span(current === true ? " ✓" : "", "good"),
    span(about === "" ? "" : `  ${about}`, "dim"),
  ];
}

function aboutOf({ about }: Choice): string {
  return visible(about.split("\n")[0] ?? "");
}
