/** What is opened over the transcript to deal with sessions: their states, without keys or rows. */
import { type Composer, emptyComposer, insert } from "../composer/composer.ts";
import type { Model } from "../model.ts";
import type { Order } from "./order.ts";

/** `back` opens the chooser again when it is done, since it was come from there. */
export type Overlay = Chooser | Prompt | Confirm | NewForm;

export interface Chooser {
  kind: "chooser";
  /** By id: the list may change under it. */
  selected: string | null;
  /** The selected session as its own attachment sees it; null until it is there. */
  preview: Model | null;
}

/** A line to write, where the status line is: a new name, or a command. */
export interface Prompt {
  kind: "prompt";
  asks: "command" | "rename";
  session: string;
  /** What stands before the text. */
  label: string;
  text: Composer;
  back: boolean;
}

/** Only `y` does it. */
export interface Confirm {
  kind: "confirm";
  question: string;
  /** Since when it is on the screen, ms: what was typed before was not typed for it. */
  at: number;
  session: string;
  order: Order;
  back: boolean;
}

export const newFields = ["name", "cwd", "model", "sandbox"] as const;

export interface NewForm {
  kind: "new";
  at: number;
  fields: Record<(typeof newFields)[number], Composer>;
}

export function overlayOf({ dialog }: Model): Overlay | null {
  if (dialog === null || dialog.kind === "help" || dialog.kind === "approval") return null;
  if (dialog.kind === "choose" || dialog.kind === "page") return null;
  return dialog;
}

export function chooser(model: Model, selected?: string): Chooser {
  const id = selected ?? model.transcript.session?.id ?? null;
  return { kind: "chooser", selected: id, preview: null };
}

export function prompt(
  asks: Prompt["asks"],
  session: string,
  { label, text = "", back = false }: { label: string; text?: string; back?: boolean },
): Prompt {
  return { kind: "prompt", asks, session, label, text: insert(emptyComposer, text), back };
}

export function newForm(model: Model, name = ""): NewForm {
  const cwd = model.transcript.session?.cwd ?? model.around.home;
  const fields = {
    name: insert(emptyComposer, name),
    cwd: insert(emptyComposer, cwd),
    model: emptyComposer,
    sandbox: emptyComposer,
  };
  return { kind: "new", at: 0, fields };
}
