/** What is opened over the transcript, as rows; a prompt and a question take the status line. */
import { SANDBOXES } from "../../protocol/session.ts";
import type { Model } from "../model.ts";
import { cells, chop, cut, filled, type Line, span, wrap } from "../text/lines.ts";
import { chooserLines } from "./chooser-lines.ts";
import { type NewForm, newFields, type Overlay } from "./overlay.ts";
import { fieldAt, textShown } from "./press-overlay.ts";

const cursorMark = "▏";

/** The rows over the transcript, or null while the transcript stays in view. */
export function overlayLines(model: Model, overlay: Overlay, height: number): Line[] | null {
  if (overlay.kind === "chooser") return chooserLines(model, overlay, height);
  if (overlay.kind === "new") return formLines(model, overlay).slice(0, height);
  return null;
}

/** The rows in the status line's place; null leaves the status line there. */
export function overlayStatus(model: Model, overlay: Overlay): Line[] | null {
  const { columns } = model.size;
  if (overlay.kind === "confirm") return questionRows(overlay.question, columns);
  if (overlay.kind !== "prompt") return null;
  const text = overlay.label + textShown(overlay.text, cursorMark);
  // The end of a long line is where one writes.
  const rows = chop([span(text, "statusAlert")], Math.max(1, columns));
  const at = overlay.label + textShown(overlay.text, cursorMark).split(cursorMark)[0];
  const row = rows[Math.min(rows.length - 1, Math.floor(cells(at) / Math.max(1, columns)))];
  return [alert(row ?? [], columns)];
}

/** As many as names commonly need on a phone. */
const questionRowsMax = 4;

/** However long the question, how to answer it is in view. */
function questionRows(question: string, columns: number): Line[] {
  const keys = "(y/n)";
  const all = wrap([span(`${question} ${keys}`, "statusAlert")], columns);
  const rows = all.slice(0, questionRowsMax);
  if (all.length > rows.length) rows.splice(-1, 1, [span(`… ${keys}`, "statusAlert")]);
  return rows.map((row) => alert(row, columns));
}

/** In the status line's colour from edge to edge. */
function alert(row: Line, columns: number): Line {
  return filled(cut(row, columns), columns, "statusAlert");
}

const labels = { name: "Name", cwd: "Directory", model: "Model", sandbox: "Sandbox" } as const;
const empty = {
  name: "made from the directory",
  cwd: "the shown session's",
  model: "as codex is configured",
  sandbox: "as codex is configured",
} as const;

function formLines(model: Model, form: NewForm): Line[] {
  const { columns } = model.size;
  const labelWidth = 11;
  const rows: Line[] = [
    [span("New session", "heading")],
    ...wrap([span("Enter creates · Tab next field · Esc leaves", "dim")], columns),
    [],
  ];
  for (const field of newFields) {
    const here = fieldAt(form) === field;
    const composer = form.fields[field];
    const mark = here && field !== "sandbox" ? cursorMark : "";
    const text = span(textShown(composer, mark), here ? "bold" : "plain");
    const hint = span(composer.text === "" ? empty[field] : "", "dim");
    const label = span(`${here ? "› " : "  "}${labels[field]}`.padEnd(labelWidth + 2), "prompt");
    const [first = [], ...rest] = chop([text, hint], Math.max(4, columns - labelWidth - 2));
    rows.push([label, ...first], ...rest.map((row) => [span(" ".repeat(labelWidth + 2)), ...row]));
  }
  if (fieldAt(form) === "sandbox") {
    rows.push([], ...wrap([span(`Space or ← → chooses: ${SANDBOXES.join(", ")}`, "dim")], columns));
  }
  return rows;
}
