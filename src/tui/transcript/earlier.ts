/** When older history is fetched: near the top, while there is still something to read. Pure. */

import { layoutOf } from "../layout.ts";
import { type Model, only, type Step } from "../model.ts";
import { blocksOf } from "./blocks.ts";
import { scroll, toStart } from "./viewport.ts";

/** Asks for the page before the oldest record if a page up would reach it. */
export function wantEarlier(model: Model): Step {
  const { oldest, earlier, anchor } = model;
  if (oldest === null || oldest <= 1 || earlier !== "unknown") return only(model);
  const blocks = blocksOf(model);
  const height = Math.max(1, layoutOf(model).transcriptRows);
  const first = toStart(blocks, height);
  // Following the end of more than a screenful, nobody asked for what was before.
  if (first !== null && anchor === null) return only(model);
  const pageUp = scroll(blocks, anchor, height, -height);
  const near = first === null || (pageUp?.key === first.key && pageUp.row === first.row);
  if (!near) return only(model);
  return only({ ...model, earlier: "loading" }, { do: "earlier", before: oldest });
}
