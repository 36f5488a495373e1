/**
 * Search in the transcript. It goes through what is held, from the bottom of the screen up; what
 * lies further is fetched a page at a time and looked through without being kept, so that a
 * search through a long history costs one page of memory. A hit far away moves the held run there.
 * Pure.
 */
import type { HistoryRecord } from "../../protocol/session.ts";
import type { Entry } from "../../protocol/transcript.ts";
import { layoutOf } from "../layout.ts";
import { type Model, noticed, only, type Step } from "../model.ts";
import type { Line } from "../text/lines.ts";
import { blocksOf, type TranscriptBlocks } from "./blocks.ts";
import { type Match, matchesIn, patternOf } from "./match.ts";
import { reveal, view } from "./viewport.ts";
import { pageEntries, runFrom, trimmed } from "./window.ts";

export type Direction = "older" | "newer";

export interface Search {
  words: string;
  /** The words being written, or null. */
  typing: string | null;
  hit: Hit | null;
  /** What is being looked through beyond what is held; `id` tells a page of a search given up. */
  seeking: { id: number; direction: Direction; at: number } | null;
}

/** A match by its block, and its row and place within it. */
export interface Hit {
  key: string;
  row: number;
  start: number;
}

/** Blocks that stay opened, so that a long reading does not draw everything in full. */
const openedMax = 200;

export const emptySearch: Search = { words: "", typing: null, hit: null, seeking: null };

/** Begins a search at the bottom of the screen; without words it forgets the last one. */
export function find(model: Model, words: string): Step {
  if (words.trim() === "") return only({ ...model, search: null });
  const search = { ...emptySearch, words: words.trim() };
  return findNext({ ...model, search, reading: !model.readOnly }, "older");
}

export function findNext(model: Model, direction: Direction): Step {
  const { search } = model;
  const sought = soughtBy(search);
  if (search === null || sought === null) {
    return only(noticed(model, "nothing to search for yet: / begins a search"));
  }
  const blocks = blocksOf(model);
  const found = nextHit(blocks, sought, direction, originOf(model, blocks, direction));
  if (found !== null) return only(shownHit(model, found));
  return seek(model, direction);
}

/** Stops looking further; what was found before stays. */
export function stopSeeking(model: Model): Model {
  const { search } = model;
  return search?.seeking
    ? noticed({ ...model, search: { ...search, seeking: null } }, "search stopped")
    : model;
}

/** A page that was looked for; one of a search given up is dropped. */
export function receivedSeek(model: Model, id: number, records: readonly HistoryRecord[]): Step {
  const { search } = model;
  const seeking = search?.seeking;
  const sought = soughtBy(search);
  if (!search || !seeking || seeking.id !== id || sought === null) return only(model);
  const page = pageEntries(model, records);
  const older = seeking.direction === "older";
  const alone = runFrom({ ...model, anchor: null }, page, records);
  const hit = nextHit(withoutTail(alone), sought, seeking.direction, null);
  if (hit === null) {
    const at = older ? records[0]?.seq : records.at(-1)?.seq;
    return at === undefined ? ended(model) : goOn(model, at);
  }
  const next = older && seeking.at === model.oldest ? joined(alone, model, page) : alone;
  const over = { ...next, search: { ...search, seeking: null } };
  return only(trimmed(shownHit(over, hit)));
}

export function seekFailed(model: Model): Model {
  const { search } = model;
  if (!search?.seeking) return model;
  return noticed(
    { ...model, search: { ...search, seeking: null } },
    "the search broke off",
    "warning",
  );
}

/** The page before what is held joins it, and what was held is not loaded again. */
function joined(alone: Model, model: Model, page: readonly Entry[]): Model {
  const entries = [...page, ...model.transcript.entries];
  return { ...alone, transcript: { ...model.transcript, entries }, newer: model.newer };
}

function withoutTail(model: Model): TranscriptBlocks {
  const { transcript } = model;
  return blocksOf({ ...model, outbox: [], transcript: { ...transcript, drafts: [], queue: [] } });
}

function seek(model: Model, direction: Direction): Step {
  const { oldest, newer } = model;
  if (direction === "older")
    return oldest === null ? ended(model, "older") : goOn(model, oldest, direction);
  return newer === null ? ended(model, "newer") : goOn(model, newer.after, direction);
}

function goOn(model: Model, at: number, towards?: Direction): Step {
  const { search } = model;
  if (search === null) return only(model);
  const direction = towards ?? search.seeking?.direction ?? "older";
  const over = direction === "older" ? at <= 1 : at >= model.transcript.cursor;
  if (over) return ended(model, direction);
  const id = search.seeking?.id ?? model.now;
  const next = { ...model, search: { ...search, seeking: { id, direction, at } } };
  return only(
    next,
    direction === "older" ? { do: "seek", id, before: at } : { do: "seek", id, after: at },
  );
}

function ended(model: Model, towards?: Direction): Step {
  const { search } = model;
  if (search === null) return only(model);
  const direction = towards ?? search.seeking?.direction ?? "older";
  const text = search.hit === null ? `not found: ${search.words}` : `no ${direction} match`;
  return only(noticed({ ...model, search: { ...search, seeking: null } }, text, "warning"));
}

function soughtBy(search: Search | null): Sought | null {
  const words = search?.words ?? "";
  const pattern = patternOf(words);
  return pattern === null ? null : { words, pattern };
}

type Place = { index: number; row: number; start: number; hit?: string };
type Sought = { words: string; pattern: RegExp };
type Found = { hit: Hit; folded: boolean };

/** Where to go on from: the last hit while it is held, else the edge of the screen. */
function originOf(model: Model, blocks: TranscriptBlocks, direction: Direction): Place {
  const hit = model.search?.hit;
  const index = hit ? blocks.find(hit.key) : -1;
  if (hit && index !== -1) return { index, row: hit.row, start: hit.start, hit: hit.key };
  const { places } = view(blocks, model.anchor, Math.max(1, layoutOf(model).transcriptRows));
  const edge = direction === "older" ? places.at(-1) : places[0];
  const start = direction === "older" ? Number.MAX_SAFE_INTEGER : -1;
  return { ...(edge ?? { index: 0, row: 0 }), start };
}

function nextHit(
  blocks: TranscriptBlocks,
  sought: Sought,
  direction: Direction,
  from: Place | null,
): Found | null {
  const older = direction === "older";
  const step = older ? -1 : 1;
  const first = from?.index ?? (older ? blocks.count - 1 : blocks.head);
  for (let index = first; index >= blocks.head && index < blocks.count; index += step) {
    const { found, folded } = matchesOf(blocks, index, sought);
    const further = (match: Match) => {
      if (from === null || index !== from.index) return true;
      // The edge of the screen is no place among rows that are not on it.
      if (folded && blocks.key(index) !== from.hit) return true;
      const order = match.row - from.row || match.start - from.start;
      return older ? order < 0 : order > 0;
    };
    const match = older ? found.findLast(further) : found.find(further);
    if (match)
      return { hit: { key: blocks.key(index), row: match.row, start: match.start }, folded };
  }
  return null;
}

/** The matches of a block; when only what is folded has any, of its rows in full. */
function matchesOf(
  blocks: TranscriptBlocks,
  index: number,
  { words, pattern }: Sought,
): { found: Match[]; folded: boolean } {
  const rows = blocks.lines(index);
  const found = cached(rows, pattern);
  if (found.length > 0 || !blocks.folds(index)) return { found, folded: false };
  // Only what has the longest word somewhere in it is drawn in full.
  const word = /[\p{L}\p{N}]+/gu;
  const longest = (words.match(word) ?? []).reduce((a, b) => (b.length > a.length ? b : a), "");
  const raw = JSON.stringify(blocks.thing(index)).toLowerCase();
  if (!raw.includes(longest.toLowerCase())) return { found, folded: false };
  const full = blocks.full(index);
  return { found: cached(full, pattern), folded: true };
}

let memo: { pattern: string; matches: WeakMap<readonly Line[], Match[]> } | null = null;

function cached(rows: readonly Line[], pattern: RegExp): Match[] {
  const name = String(pattern);
  if (memo?.pattern !== name) memo = { pattern: name, matches: new WeakMap() };
  let matches = memo.matches.get(rows);
  if (matches === undefined) {
    matches = matchesIn(rows, pattern);
    memo.matches.set(rows, matches);
  }
  return matches;
}

function shownHit(model: Model, { hit, folded }: Found): Model {
  if (model.search === null) return model;
  const opened = folded ? openedWith(model, hit.key) : model.opened;
  const next = { ...model, opened, search: { ...model.search, hit, seeking: null } };
  const blocks = blocksOf(next);
  const index = blocks.find(hit.key);
  if (index === -1) return next;
  const height = Math.max(1, layoutOf(next).transcriptRows);
  return { ...next, anchor: reveal(blocks, { index, row: hit.row }, height) };
}

export function openedWith(model: Model, key: string): readonly string[] {
  return [...model.opened.filter((one) => one !== key), key].slice(-openedMax);
}
