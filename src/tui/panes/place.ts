/** What a session's model makes of its place on the screen, or of having none. Pure. */
import { withPromptInView } from "../approvals/in-view.ts";
import type { Model, PaneState } from "../model.ts";
import type { Size } from "./tree.ts";

/** The same model where nothing changed, so that its pane is not drawn again. */
export function placed(model: Model, size: Size, pane: PaneState): Model {
  const { pane: before } = model;
  const moved = size.columns !== model.size.columns || size.rows !== model.size.rows;
  const same =
    pane.focused === before.focused &&
    pane.visible === before.visible &&
    pane.hidden === before.hidden;
  if (same && !moved) return model;
  const { columns, rows } = size;
  const next = { ...model, size: { columns, rows }, pane };
  const left = before.focused && !pane.focused ? withoutKeys(next) : next;
  return !before.visible && pane.visible ? seenAnew(left) : left;
}

/** Smaller, a list or a form has not all its rows in view. */
const roomy: Size = { columns: 36, rows: 16 };

/** True for what a small pane would cut, while it is open: tmux zooms its lists, too. */
export function wantsScreen({ dialog }: Model, { columns, rows }: Size): boolean {
  if (dialog === null || dialog.kind === "prompt" || dialog.kind === "confirm") return false;
  return columns < roomy.columns || rows < roomy.rows;
}

/**
 * Keys that come when the pane has them again are not meant for what was asked before: a prompt
 * has to be given the keyboard anew. What was written into a form stays.
 */
function withoutKeys(model: Model): Model {
  const { dialog } = model;
  const asks = dialog?.kind === "confirm" || (dialog?.kind === "approval" && dialog.form === null);
  return { ...model, prefix: false, dialog: asks ? null : dialog };
}

/** A prompt that waited out of sight is as new to the eye as one that just came. */
export function seenAnew(model: Model): Model {
  return withPromptInView({ ...model, shown: null });
}
