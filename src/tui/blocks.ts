/**
 * The transcript as blocks of rows: what was said, and what is on its way.
 * Things of the transcript are never changed, only replaced, so their rows are kept by identity
 * for as long as the width and the way of drawing stay.
 */
import type { Draft } from "../protocol/records.ts";
import type { Entry } from "../protocol/transcript.ts";
import { drawDraft, drawEntry } from "./items/draw.ts";
import { type Drawing, widthMin } from "./items/drawing.ts";
import { type Line, span } from "./lines.ts";
import { isDemo, type Model } from "./model.ts";
import type { Blocks } from "./viewport.ts";

type Thing = Entry | Draft;

const cache = new WeakMap<object, { drawn: string; lines: readonly Line[] }>();

export function blocksOf(model: Model): Blocks {
  const { entries, drafts: tail } = model.transcript;
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
    lines: (index) => (index === 0 ? head : linesOf(thing(index)!, drawing)),
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
  return thing.kind === "item" ? `item ${String(thing.item.id ?? thing.key)}` : thing.key;
}

function linesOf(thing: Thing, drawing: Drawing): readonly Line[] {
  const drawn = `${drawing.width} ${drawing.expanded} ${drawing.demo} ${drawing.cwd}`;
  const known = cache.get(thing);
  if (known?.drawn === drawn) return known.lines;
  const lines = "fields" in thing ? drawDraft(thing, drawing) : drawEntry(thing, drawing);
  const spaced = lines.length === 0 ? lines : [[], ...lines];
  cache.set(thing, { drawn, lines: spaced });
  return spaced;
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
