/** A list to choose from, in the place of a prompt. Pure. */
import { visible } from "../../protocol/address.ts";
import type { ApprovalPanel } from "../approvals/approval-panel.ts";
import type { Model } from "../model.ts";
import { cut, type Line, span } from "../text/lines.ts";

export function choosePanel({ dialog, size }: Model, rowsMax: number): ApprovalPanel | null {
  if (dialog?.kind !== "choose") return null;
  const { choices, title } = dialog;
  const head: Line = [
    span(visible(title), "heading"),
    span(choices === null ? "  asking codex…  Esc leaves" : "  Enter takes it, Esc leaves", "dim"),
  ];
  const room = Math.max(1, rowsMax - 1);
  const all = choices ?? [];
  const row = Math.max(0, Math.min(dialog.row, all.length - 1));
  const first = Math.max(0, Math.min(row - room + 1, all.length - room));
  const shown = all.slice(first, first + room).map(({ label, about, current }, index): Line => {
    const chosen = first + index === row;
    return [
      span(chosen ? "▸ " : "  ", "prompt"),
      span(visible(label), chosen ? "key" : "plain"),
      span(current === true ? " ✓" : "", "good"),
      span(about === "" ? "" : `  ${visible(about.split("\n")[0] ?? "")}`, "dim"),
    ];
  });
  const rows = [head, ...shown].map((line) => cut(line, size.columns)).slice(0, rowsMax);
  return { rows, rowMax: Math.max(0, all.length - 1), bodyRows: room };
}
