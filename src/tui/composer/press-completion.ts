/** Keys while there is a list of what the word at the cursor may become. Pure. */

import { commandFor } from "../keymap.ts";
import type { Model, Step } from "../model.ts";
import {
  chooseCandidate,
  completionOf,
  dismissCompletion,
  isWhole,
  takeCandidate,
} from "./completion.ts";

/** Null for a key that means what it always means in the composer. */
export function pressInCompletion(model: Model, key: string): Step | null {
  const completion = completionOf(model);
  if (completion === null) return null;
  switch (commandFor("completion", key)) {
    case "complete":
      return takeCandidate(model, completion);
    case "complete-enter":
      // A command that is written out is meant; one that is not is completed first, and read.
      return isWhole(completion) ? null : takeCandidate(model, completion);
    case "row-up":
      return chooseCandidate(model, completion, -1);
    case "row-down":
      return chooseCandidate(model, completion, 1);
    case "complete-leave":
      return dismissCompletion(model);
    default:
      return null;
  }
}
