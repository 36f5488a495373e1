/** How the screen's rows are shared out. */
import { type ApprovalPanel, approvalPanel } from "./approvals/approval-panel.ts";
import { completionOf } from "./composer/completion.ts";
import { completionRows, completionRowsMax } from "./composer/completion-panel.ts";
import { type ComposerRows, composerRows } from "./composer/composer-rows.ts";
import { queueRows, queueRowsMax } from "./composer/queue-panel.ts";
import { choosePanel } from "./controls/choose-panel.ts";
import type { Model } from "./model.ts";
import type { Line } from "./text/lines.ts";

export interface Layout {
  transcriptRows: number;
  panel: ApprovalPanel | null;
  /** What stands right above the composer. */
  queue: Line[];
  /** Null when read-only. */
  composer: ComposerRows | null;
}

const statusRows = 1;
const ruleRows = 1;
/** What an approval leaves of the transcript, so that one sees what led to it. */
const transcriptRowsMin = 3;

export const promptText = "› ";

export function layoutOf(model: Model): Layout {
  const { columns, rows } = model.size;
  const composerMax = Math.max(1, Math.min(8, Math.floor(rows / 3)));
  const composer = model.readOnly
    ? null
    : composerRows(model.composer, Math.max(4, columns - promptText.length - 1), composerMax);
  const above = Math.max(1, rows - statusRows - ruleRows - (composer?.rows.length ?? 0));
  const completion = composer === null ? null : completionOf(model);
  const queue =
    completion === null
      ? queueRows(model, Math.min(queueRowsMax(rows), above - 1))
      : completionRows(completion, columns, Math.min(completionRowsMax(rows), above - 1));
  const rest = above - queue.length;
  const spare = rest > 12 ? transcriptRowsMin : 0;
  const panelMax = Math.max(1, rest - spare);
  const panel = choosePanel(model, panelMax) ?? approvalPanel(model, panelMax);
  const transcriptRows = Math.max(0, rest - (panel?.rows.length ?? 0));
  return { transcriptRows, panel, queue, composer };
}
