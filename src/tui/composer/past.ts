/** What Up goes back through: what was sent, and what was cleared. Pure. */
import { type Model, noticed } from "../model.ts";
import { textOf } from "../transcript/items/drawing.ts";
import { userText } from "../transcript/items/user-message.ts";
import { emptyComposer } from "./composer.ts";

/** A text that was cleared; `newest` until a message is sent after it. */
export interface Dropped {
  text: string;
  newest: boolean;
}

/** More of them are forgotten, the oldest first. */
const droppedMax = 20;

/** Newest first, without repeats in a row; then what was written to other sessions. */
export function past(model: Model): string[] {
  const { entries, queue } = model.transcript;
  const sent = entries.flatMap((entry) =>
    entry.kind === "item" && textOf(entry.item.type) === "userMessage"
      ? [userText(entry.item)]
      : [],
  );
  const all = [...sent, ...queue.map(({ text }) => text), ...model.outbox.map(({ text }) => text)];
  const dropped = (newest: boolean) =>
    model.dropped.filter((one) => one.newest === newest).map(({ text }) => text);
  const own = [...dropped(true), ...all.reverse(), ...dropped(false)].filter(
    (text, index, texts) => text !== "" && text !== texts[index - 1],
  );
  const known = new Set(own);
  return [...own, ...(model.written ?? []).filter((text) => !known.has(text))];
}

/** Empties the composer; what was in it is kept, unless Up has it already. */
export function cleared(model: Model): Model {
  const { composer } = model;
  const next = composer.recalled === null ? putBy(model, composer.text) : model;
  return noticed({ ...next, composer: emptyComposer }, "cleared; Up brings it back");
}

/** Keeps a text for Up. */
export function putBy(model: Model, text: string): Model {
  const dropped = [{ text, newest: true }, ...model.dropped];
  return { ...model, dropped: dropped.slice(0, droppedMax) };
}

/** A message that was sent is newer than what was cleared before. */
export function behindSent(dropped: readonly Dropped[]): readonly Dropped[] {
  return dropped.some(({ newest }) => newest)
    ? dropped.map(({ text }) => ({ text, newest: false }))
    : dropped;
}
