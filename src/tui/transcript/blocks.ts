/**
 * The transcript as blocks of rows: what was said, and what is on its way.
 * Things of the transcript are never changed, only replaced, so their rows are kept by identity
 * for as long as the width and the way of drawing stay.
 */
import type { Draft } from "../../protocol/records.ts";
import type { Entry } from "../../protocol/transcript.ts";
import { prefixKey } from "../keymap.ts";
import { isDemo, type Model } from "../model.ts";
import { type Line, span } from "../text/lines.ts";
import { drawDraft, drawEntry } from "./items/draw.ts";
import { type Drawing, widthMin } from "./items/drawing.ts";
import { isAsked, runningText } from "./running.ts";
import type { Blocks } from "./viewport.ts";

export type Thing = Entry | Draft;

const cache = new WeakMap<object, { drawn: string; lines: readonly Line[] }>();

export interface TranscriptBlocks extends Blocks {
  thing(index: number): Thing | undefined;
  /** True: the block may have more rows in full than are shown. */
  folds(index: number): boolean;
  /** The block's rows with nothing left out, drawn anew. */
  full(index: number): readonly Line[];
}

export function blocksOf(model: Model): TranscriptBlocks {
  const { entries, drafts } = model.transcript;
  // What is on its way follows what is not loaded yet.
  const tail: readonly Thing[] = model.newer === null ? drafts : [];
  const opened = new Set(model.opened);
  const drawing: Drawing = {
    width: Math.max(widthMin, model.size.columns),
    expanded: model.expanded,
    demo: isDemo(model),
    more: moreHint(model),
    cwd: model.transcript.session?.cwd ?? "",
  };
  const head = headLines(model);
  const thing = (index: number): Thing | undefined =>
    index <= entries.length ? entries[index - 1] : tail[index - 1 - entries.length];
  const key = (index: number) => keyOf(thing(index));
  const count = 1 + entries.length + tail.length;
  const drawn = (index: number): Drawing => {
    const own = opened.has(key(index)) ? { ...drawing, expanded: true } : drawing;
    const one = thing(index);
    if (one === undefined || !("fields" in one)) return own;
    const running = runningText(model, one);
    return running === null ? own : { ...own, running, asked: isAsked(model, one) };
  };
  return {
    count,
    head: 1,
    key,
    thing,
    folds: (index) => folds(thing(index)),
    full: (index) => spaced(draw(thing(index)!, { ...drawing, expanded: true })),
    lines: (index) => (index === 0 ? head : linesOf(thing(index)!, drawn(index))),
    find: (wanted) => {
      let index = count - 1;
      while (index >= 0 && key(index) !== wanted) index--;
      return index;
    },
  };
}

/** On a narrow screen a command: it is a phone's as likely as not, and those lack Ctrl. */
function moreHint({ size, around }: Model): string {
  const free = around.prefix === "ctrl-o" ? prefixKey("expand", around.prefix) : "Ctrl-o";
  const key = size.columns < 60 ? "/expand" : free;
  return `${key} shows all`;
}

/** A draft and the item that it becomes have one key: the reader stays where they are. */
export function keyOf(thing: Thing | undefined): string {
  if (thing === undefined) return "head";
  if ("fields" in thing) return `item ${thing.itemId}`;
  return thing.kind === "item" ? `item ${String(thing.item.id ?? thing.key)}` : thing.key;
}

function linesOf(thing: Thing, drawing: Drawing): readonly Line[] {
  const drawn = `${drawing.width} ${drawing.expanded} ${drawing.demo} ${drawing.more} ${drawing.running} ${drawing.asked} ${drawing.cwd}`;
  const known = cache.get(thing);
  if (known?.drawn === drawn) return known.lines;
  const rows = spaced(draw(thing, drawing));
  cache.set(thing, { drawn, lines: rows });
  return rows;
}

function draw(thing: Thing, drawing: Drawing): Line[] {
  return "fields" in thing ? drawDraft(thing, drawing) : drawEntry(thing, drawing);
}

function spaced(lines: Line[]): Line[] {
  return lines.length === 0 ? lines : [[], ...lines];
}

/** What the agent says is always shown whole. */
function folds(thing: Thing | undefined): boolean {
  if (thing === undefined || !("kind" in thing)) return thing !== undefined && "fields" in thing;
  return thing.kind === "notice" || (thing.kind === "item" && thing.item.type !== "agentMessage");
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
