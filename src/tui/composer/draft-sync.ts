/**
 * What is being written, level with the daemon and so with the other devices. Invariants: one
 * call is under way at a time; the text here counts as edited when it is not what the daemon was
 * last known to have, and an edited text is never replaced, it is sent and so becomes the newest.
 * A text of another device's that came meanwhile is taken up only where nobody edited. Pure.
 */
import type { Composition } from "../../protocol/session.ts";
import type { Model } from "../model.ts";

export interface DraftSync {
  /** What the daemon has, as far as is known here; null before the first attach. */
  known: Composition | null;
  /** The text of the call that is under way. */
  sending: string | null;
  /** The newest that was told while a call was under way. */
  told: Composition | null;
}

export const noDraft: DraftSync = { known: null, sending: null, told: null };

/** What the daemon says at (re)attach. What was edited while it was away stays. */
export function joinedDraft(model: Model, composed: Composition | undefined): Model {
  const known = composed ?? { text: "", revision: 0 };
  const edited = model.composer.text !== (model.draft.known?.text ?? "");
  const joined = { ...model, draft: { known, sending: null, told: null } };
  return edited ? joined : withText(joined, known.text);
}

/** `session/composed`: somebody wrote, perhaps this client itself. */
export function toldDraft(model: Model, told: Composition): Model {
  const { known, sending } = model.draft;
  if (known === null || told.revision <= known.revision) return model;
  if (sending !== null) {
    if (told.revision <= (model.draft.told?.revision ?? 0)) return model;
    return { ...model, draft: { ...model.draft, told } };
  }
  return takeUp(model, told);
}

/** The text to send to the daemon now, or null when it has it, or something is under way. */
export function draftToSend(model: Model): string | null {
  const { known, sending } = model.draft;
  if (model.readOnly || model.link !== "live" || known === null || sending !== null) return null;
  const { text } = model.composer;
  return text === known.text ? null : text;
}

export function sendingDraft(model: Model, text: string): Model {
  return { ...model, draft: { ...model.draft, sending: text } };
}

export function sentDraft(model: Model, revision: number): Model {
  const { sending, told } = model.draft;
  if (sending === null) return model;
  const draft = { known: { text: sending, revision }, sending: null, told: null };
  const sent = { ...model, draft };
  return told === null || told.revision <= revision ? sent : takeUp(sent, told);
}

/** It is tried again with the next change, or after the next attach. */
export function unsentDraft(model: Model): Model {
  return { ...model, draft: { ...model.draft, sending: null } };
}

function takeUp(model: Model, told: Composition): Model {
  const edited = model.composer.text !== model.draft.known?.text;
  const next = { ...model, draft: { ...model.draft, known: told, told: null } };
  return edited ? next : withText(next, told.text);
}

function withText(model: Model, text: string): Model {
  if (model.composer.text === text) return model;
  return { ...model, composer: { text, cursor: text.length, recalled: null } };
}
