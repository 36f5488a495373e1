/** What Enter does while a turn runs: the message follows the turn, or joins it. Pure. */
import { type Model, noticed, only, type Step } from "../model.ts";

export type EnterMode = "queue" | "steer";

/** Without a turn there is nothing to join. */
export function enterMode({ transcript, enters }: Model): EnterMode {
  return transcript.turn === null ? "queue" : enters;
}

export function setEnterMode(model: Model, enters: EnterMode): Step {
  const does = enters === "queue" ? "Enter queues: after the turn" : "Enter steers: into the turn";
  return only(noticed({ ...model, enters }, does));
}

export function toggleEnterMode(model: Model): Step {
  return setEnterMode(model, model.enters === "queue" ? "steer" : "queue");
}

/** What the row above the composer says while a turn runs; what waits has Tab for itself. */
export function enterHint({ enters, size, transcript }: Model): string {
  const [does, other] = enters === "queue" ? ["queues", "steer"] : ["steers", "queue"];
  const tab = transcript.approvals.length > 0 ? "answer" : other;
  const hint = `Enter ${does} · Tab: ${tab}`;
  return size.columns < 50 ? hint : `Esc interrupts · ${hint}`;
}
