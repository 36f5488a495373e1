/** The whole screen as a function of the model: as many rows as the terminal has, and a cursor. */

import { enterHint } from "./composer/enter-mode.ts";
import { shellTyped } from "./composer/shell.ts";
import { controlsOf } from "./controls/controls.ts";
import { readingLines } from "./controls/reading-page.ts";
import { helpLines } from "./help.ts";
import { keyName } from "./keymap.ts";
import { type Layout, layoutOf, promptText } from "./layout.ts";
import type { Model } from "./model.ts";
import { overlayOf } from "./sessions/overlay.ts";
import { overlayLines } from "./sessions/overlay-lines.ts";
import { cells, cut, type Line, span } from "./text/lines.ts";
import { blocksOf } from "./transcript/blocks.ts";
import { highlighted, searchText } from "./transcript/search-view.ts";
import { type View, view } from "./transcript/viewport.ts";

export interface Screen {
  rows: Line[];
  /** Null while something else than the composer has the keyboard. */
  cursor: { x: number; y: number } | null;
}

export function screenOf(model: Model): Screen {
  const { columns, rows } = model.size;
  const layout = layoutOf(model);
  const panel = layout.panel?.rows ?? [];
  const { dialog } = model;
  const help = dialog?.kind === "help" || dialog?.kind === "page" ? dialog : null;
  const overlay = overlayOf(model);
  const whole = layout.transcriptRows + panel.length;
  const over = overlay === null ? null : overlayLines(model, overlay, whole);
  const shown: View =
    over !== null
      ? { rows: over, atStart: true, atEnd: true, places: [], below: 0 }
      : help === null
        ? transcriptView(model, layout.transcriptRows)
        : helpView(model, help.row, whole);
  const height = help === null && over === null ? layout.transcriptRows : whole;
  const body = [...shown.rows, ...Array<Line>(Math.max(0, height - shown.rows.length)).fill([])];
  const drawn = [
    ...body,
    ...(help === null && over === null ? panel : []),
    ...(layout.notice ?? [ruleLine(model, shown, layout)]),
    ...layout.queue,
    ...composerLines(model, layout),
    ...layout.status,
  ].slice(-rows);
  return { rows: drawn.map((line) => cut(line, columns)), cursor: cursorOf(model, layout, drawn) };
}

function transcriptView(model: Model, height: number): View {
  const blocks = blocksOf(model);
  const shown = view(blocks, model.anchor, height);
  return { ...shown, rows: highlighted(model, blocks, shown) };
}

/** How far the help scrolls. */
export function helpRowMax(model: Model): number {
  const { transcriptRows, panel } = layoutOf(model);
  const lines = pageLines(model);
  return Math.max(0, lines.length - transcriptRows - (panel?.rows.length ?? 0));
}

function pageLines(model: Model): readonly Line[] {
  const { columns } = model.size;
  if (model.dialog?.kind === "page") return readingLines(model.dialog, columns);
  return helpLines(columns, model.readOnly, model.around.prefix, controlsOf(model));
}

function helpView(model: Model, row: number, height: number): View {
  const lines = pageLines(model);
  return {
    rows: lines.slice(row, row + height),
    atStart: row === 0,
    atEnd: row + height >= lines.length,
    places: [],
    below: 0,
  };
}

/** The row between transcript and composer, without news: the marker, or what keys do now. */
function ruleLine(model: Model, shown: View, layout: Layout): Line {
  const { columns } = model.size;
  const rule = (text: string, style: "dim" | "warning" | "bold"): Line => {
    const filled = Math.max(0, columns - cells(text) - 4);
    return [span("── ", "rule"), span(text, style), span(` ${"─".repeat(filled)}`, "rule")];
  };
  const search = searchText(model);
  if (search !== null) return rule(search, "bold");
  if (model.dialog?.kind === "help" || model.dialog?.kind === "page") {
    if (!shown.atEnd) return rule("▼ more below · Space, Esc leaves", "bold");
  } else if (!shown.atEnd || model.newer !== null) {
    const count = shown.below > 0 && model.newer === null ? `${shown.below} ` : "";
    const keys = model.reading ? readingKeys : "PgDn, Esc to the end";
    return rule(`▼ ${count}more below · ${columns < 60 ? "PgDn" : keys}`, "bold");
  }
  if (model.reading) {
    return rule(columns < 60 ? "scrolling · q leaves" : `scrolling · ${readingKeys}`, "bold");
  }
  // What keys do is said where they go.
  if (!model.pane.focused) return [span("─".repeat(columns), "rule")];
  if (shellTyped(model.composer.text) !== null && model.dialog === null) {
    return rule("Enter runs this outside the sandbox", "warning");
  }
  if (model.link === "stopped") return rule(stoppedText(columns), "warning");
  const lines = layout.composer?.lines ?? 0;
  if (lines > (layout.composer?.rows.length ?? 0)) return rule(`${lines} lines`, "dim");
  if (model.readOnly) return rule(`read-only · ${keyName(model.around.prefix)} d detaches`, "dim");
  if (model.transcript.turn !== null && model.dialog === null) {
    return rule(enterHint(model), "dim");
  }
  return [span("─".repeat(columns), "rule")];
}

function stoppedText(columns: number): string {
  const how = "hacs-session daemon start";
  return columns < 70 ? `go on with: ${how}` : `the daemon was stopped; this goes on after: ${how}`;
}

const readingKeys = "/ search, y copy, o open, q leaves";

function composerLines(model: Model, { composer }: Layout): Line[] {
  const { focused } = model.pane;
  return (composer?.rows ?? []).map((text, index) => [
    span(index === 0 ? promptText : " ".repeat(promptText.length), focused ? "prompt" : "dim"),
    isNew(model) ? span(newText, "dim") : span(text, focused ? "plain" : "dim"),
  ]);
}

const newText = "Write a message; /help lists commands";

/** Nothing was said here yet: whoever is new finds out how to begin. */
function isNew({ composer, dialog, reading, transcript, pane }: Model): boolean {
  const { entries, queue } = transcript;
  if (!pane.focused || composer.text !== "" || dialog !== null) return false;
  if (reading || queue.length > 0) return false;
  return entries.length < 10 && !entries.some(({ kind }) => kind === "item");
}

function cursorOf(model: Model, { composer }: Layout, drawn: readonly Line[]): Screen["cursor"] {
  if (!model.pane.focused) return null;
  if (composer === null || model.dialog !== null || model.reading || model.search?.typing != null) {
    return null;
  }
  const y = drawn.length - 1 - composer.rows.length + composer.cursor.row;
  return { x: promptText.length + composer.cursor.column, y: Math.max(0, y) };
}
