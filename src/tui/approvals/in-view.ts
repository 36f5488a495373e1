/**
 * Which prompt is in view, and since when. A prompt under a page or a list, in a pane that is not
 * on the screen, or of a session whose picture is not here yet was not read, however long it has
 * waited; when it comes to light it is as new as one that has just come. Pure.
 */
import { type Dialog, type Model, noticed } from "../model.ts";
import type { ApprovalPanel } from "./approval-panel.ts";

/** What asks has to have been on the screen for this long before it takes an answer. */
export const shownMinMs = 500;

/** True for what came so lately that a key may be meant for what was there before. */
export function isNew(at: number, now: number): boolean {
  return now - at < shownMinMs;
}

export function toldNew(model: Model): Model {
  const said = "this question is new: read it, then press again";
  return noticed(model, said, "warning", "approval");
}

/** False for a prompt that is out of view, or new. */
export function isReadable({ shown, now }: Model): boolean {
  return shown !== null && !isNew(shown.at, now);
}

/** The next question in a prompt's place is as new as a prompt. */
export function withNextInView(model: Model): Model {
  return model.shown === null ? model : { ...model, shown: { ...model.shown, at: model.now } };
}

/** What is asked was seen to its end, wherever it is scrolled to from now on. */
export function withSeen(model: Model, panel: Pick<ApprovalPanel, "asked" | "unseen">): Model {
  if (model.shown === null || panel.unseen > 0 || model.shown.read === panel.asked) return model;
  return { ...model, shown: { ...model.shown, read: panel.asked } };
}

/** The same model where nothing changed. */
export function withPromptInView(model: Model): Model {
  const { shown, composer, now } = model;
  const id = promptInView(model);
  if (id === null) return shown === null ? model : { ...model, shown: null };
  const written = composer.text !== "";
  if (shown?.id !== id) return { ...model, shown: { id, at: now, amid: written, read: null } };
  return shown.amid && !written ? { ...model, shown: { ...shown, amid: false } } : model;
}

function promptInView({ transcript, dialog, pane, link }: Model): string | null {
  const [first] = transcript.approvals;
  if (first === undefined || !pane.visible || link === "catching-up") return null;
  return dialog !== null && covers.has(dialog.kind) ? null : first.id;
}

const covers = new Set<Dialog["kind"]>(["help", "page", "choose", "chooser", "new"]);
