/**
 * The transcript as blocks of rows: what was said, what is on its way, what waits to be sent.
 * Things of the transcript are never changed, only replaced, so their rows are kept by identity
 * for as long as the width and the way of drawing stay.
 */
import type { Draft } from "../protocol/records.ts";
import type { Entry, QueuedMessage } from "../protocol/transcript.ts";
import { drawDraft, drawEntry } from "./items/draw.ts";
import { type Drawing, widthMin } from "./items/drawing.ts";
import { said } from "./items/user-message.ts";
import { type Line, span } from "./lines.ts";
import { isDemo, type Model, type Outgoing } from "./model.ts";
import type { Blocks } from "./viewport.ts";

type Thing = Entry | Draft | QueuedMessage | Outgoing;

const cache = new WeakMap<object, { drawn: string; lines: readonly Line[] }>();

export function blocksOf(model: Model): Blocks {
  const { entries, drafts, queue } = model.transcript;
  const unsent = model.outbox.filter(({ id }) => !queue.some((message) => message.id === id));
  const tail: Thing[] = [...drafts, ...queue, ...unsent];
  const drawing: Drawing = {
    width: Math.max(widthMin, model.size.columns),
    expanded: model.expanded,
    demo: isDemo(model),
    cwd: model.transcript.session?.cwd ?? "",
  };
  const head = headLines(model);
  const thing = (index: number): Thing | undefined =>
    index <= entries.length ? entries[index - 1] : tail[index - 1 - entries.length];
  const key = (index: number) => keyOf(thing(index));
  const count = 1 + entries.length + tail.length;
  return {
    count,
    head: 1,
    key,
    lines: (index) => (index === 0 ? head : linesOf(thing(index)!, drawing, queue)),
    find: (wanted) => {
      let index = count - 1;
      while (index >= 0 && key(index) !== wanted) index--;
      return index;
    },
  };
}

/** A draft and the item that it becomes have one key: the reader stays where they are. */
function keyOf(thing: Thing | undefined): string {
  if (thing === undefined) return "head";
  if ("fields" in thing) return `item ${thing.itemId}`;
  if (!("kind" in thing)) return `message ${thing.id}`;
  return thing.kind === "item" ? `item ${String(thing.item.id ?? thing.key)}` : thing.key;
}

function linesOf(thing: Thing, drawing: Drawing, queue: readonly Thing[]): readonly Line[] {
  const drawn = `${drawing.width} ${drawing.expanded} ${drawing.demo} ${drawing.cwd}`;
  const known = cache.get(thing);
  if (known?.drawn === drawn) return known.lines;
  const lines = draw(thing, drawing, queue.includes(thing) ? "queued" : "sending…");
  const spaced = lines.length === 0 ? lines : [[], ...lines];
  cache.set(thing, { drawn, lines: spaced });
  return spaced;
}

function draw(thing: Thing, drawing: Drawing, state: string): Line[] {
  if ("fields" in thing) return drawDraft(thing, drawing);
  if ("kind" in thing) return drawEntry(thing, drawing);
  const rows = said(thing.text || thing.id, "dim", "dim", drawing);
  return [...rows, [span(`  ${state}`, "warning")]];
}

function headLines(model: Model): Line[] {
  const text =
    model.earlier === "loading"
      ? "loading what was before…"
      : model.earlier === "none" || model.oldest === null || model.oldest <= 1
        ? ""
        : "▲ there is more above";
  return text === "" ? [] : [[span(text, "dim")]];
}
