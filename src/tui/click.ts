/** What a click does in the pane that has the keys: it opens and folds cards, and shows sessions. Pure. */
import { layoutOf } from "./layout.ts";
import { type Model, only, type Step } from "./model.ts";
import { overlayOf } from "./sessions/overlay.ts";
import { show } from "./sessions/press-sessions.ts";
import { sessionInStatus } from "./sessions/status-sessions.ts";
import { statusLine } from "./status.ts";
import { blocksOf } from "./transcript/blocks.ts";
import { toggle } from "./transcript/press-reading.ts";
import { view } from "./transcript/viewport.ts";

/** `x` and `y` are counted from the pane's first column and row. */
export function click(model: Model, { x, y }: { x: number; y: number }): Step {
  const { dialog, size } = model;
  const overlay = overlayOf(model);
  if (overlay !== null && overlay.kind !== "chooser") return only(model);
  if (y === size.rows - 1) {
    const session = sessionInStatus(model, statusLine(model), x);
    return session === undefined ? only(model) : show({ ...model, notice: null }, session);
  }
  const { transcriptRows } = layoutOf(model);
  if (overlay !== null || dialog?.kind === "help" || dialog?.kind === "page") return only(model);
  if (y >= transcriptRows) return only(model);
  const blocks = blocksOf(model);
  const place = view(blocks, model.anchor, transcriptRows).places[y];
  if (place === undefined || !blocks.folds(place.index)) return only(model);
  return only(toggle({ ...model, notice: null }, place.index));
}
