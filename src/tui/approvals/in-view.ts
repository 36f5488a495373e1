/**
 * Which prompt is in view, and since when. A prompt under a page or a list, in a pane that is not
 * on the screen, or of a session whose picture is not here yet was not read, however long it has
 * waited; when it comes to light it is as new as one that has just come. Pure.
 */
import type { Dialog, Model } from "../model.ts";

/** The same model where nothing changed. */
export function withPromptInView(model: Model): Model {
  const { shown, composer, now } = model;
  const id = promptInView(model);
  if (id === null) return shown === null ? model : { ...model, shown: null };
  const written = composer.text !== "";
  if (shown?.id !== id) return { ...model, shown: { id, at: now, amid: written } };
  return shown.amid && !written ? { ...model, shown: { ...shown, amid: false } } : model;
}

function promptInView({ transcript, dialog, pane, link }: Model): string | null {
  const [first] = transcript.approvals;
  if (first === undefined || !pane.visible || link === "catching-up") return null;
  return dialog !== null && covers.has(dialog.kind) ? null : first.id;
}

const covers = new Set<Dialog["kind"]>(["help", "page", "choose", "chooser", "new"]);
