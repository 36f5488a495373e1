/** How the screen's rows are shared out. */
import { visible } from "../protocol/address.ts";
import { type ApprovalPanel, approvalPanel, type Panel } from "./approvals/approval-panel.ts";
import { completionOf } from "./composer/completion.ts";
import { completionRows, completionRowsMax } from "./composer/completion-panel.ts";
import { type ComposerRows, composerRows } from "./composer/composer-rows.ts";
import { queueRows, queueRowsMax } from "./composer/queue-panel.ts";
import { choosePanel } from "./controls/choose-panel.ts";
import type { Model } from "./model.ts";
import { overlayOf } from "./sessions/overlay.ts";
import { overlayStatus } from "./sessions/overlay-lines.ts";
import { statusLine } from "./status.ts";
import { type Line, lineCells, span, wrap } from "./text/lines.ts";
import { isSearching } from "./transcript/search-view.ts";

export interface Layout {
  transcriptRows: number;
  panel: Panel | null;
  /** The same when it is an approval's. */
  approval: ApprovalPanel | null;
  /** A notice that takes the rule's place; null when there is none. */
  notice: Line[] | null;
  /** What stands right above the composer. */
  queue: Line[];
  /** Null when read-only. */
  composer: ComposerRows | null;
  /** The last rows: the status line, or what is asked in its place. */
  status: readonly Line[];
}

/** What an approval leaves of the transcript, so that one sees what led to it. */
const transcriptRowsMin = 3;

/** More is no notice, and is cut. */
const noticeRowsMax = 4;

export const promptText = "› ";

export function layoutOf(model: Model): Layout {
  const { columns, rows } = model.size;
  const composerMax = Math.max(1, Math.min(8, Math.floor(rows / 3)));
  const composer = model.readOnly
    ? null
    : composerRows(model.composer, Math.max(4, columns - promptText.length - 1), composerMax);
  const notice = noticeRows(model);
  const status = statusRows(model);
  const ruleRows = notice?.length ?? 1;
  const above = Math.max(1, rows - status.length - ruleRows - (composer?.rows.length ?? 0));
  const completion = composer === null ? null : completionOf(model);
  const queue =
    completion === null
      ? queueRows(model, Math.min(queueRowsMax(rows), above - 1))
      : completionRows(completion, columns, Math.min(completionRowsMax(rows), above - 1));
  const rest = above - queue.length;
  const spare = rest > 12 ? transcriptRowsMin : 0;
  const panelMax = Math.max(1, rest - spare);
  const choices = choosePanel(model, panelMax);
  const approval = choices === null ? approvalPanel(model, panelMax) : null;
  const panel = choices ?? approval;
  const transcriptRows = Math.max(0, rest - (panel?.rows.length ?? 0));
  return { transcriptRows, panel, approval, notice, queue, composer, status };
}

function statusRows(model: Model): readonly Line[] {
  const overlay = overlayOf(model);
  return (overlay === null ? null : overlayStatus(model, overlay)) ?? [statusLine(model)];
}

/** A notice is read whole: it takes the rows it needs, as far as the transcript can spare them. */
function noticeRows({ notice, search, size: { columns, rows } }: Model): Line[] | null {
  if (notice === null || isSearching(search)) return null;
  const style = notice.tone === "warning" ? "warning" : "bold";
  const lead = "── ";
  const text = wrap([span(visible(notice.text), style)], Math.max(4, columns - lead.length));
  const shown = text.slice(0, Math.max(1, Math.min(noticeRowsMax, Math.floor(rows / 4))));
  const [first = []] = shown;
  const filled = shown.length > 1 ? 0 : Math.max(0, columns - lead.length - lineCells(first) - 1);
  const rule = span(filled === 0 ? "" : ` ${"─".repeat(filled)}`, "rule");
  return shown.map((line, index) =>
    index === 0 ? [span(lead, "rule"), ...line, rule] : [span("   "), ...line],
  );
}
