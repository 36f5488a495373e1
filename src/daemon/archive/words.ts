/**
 * The words of a text as the archive's index has them: letters and digits, small and without
 * accents, as the index of SQLite here has them too. They are parted here and not by Postgres,
 * whose own parser depends on how a server is set up. Pure.
 */
import type { Term } from "../../protocol/search.ts";

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const ASCII = /^[\0-\x7f]*$/;
/** Postgres takes words of 2 KiB at most; what is longer is no word that somebody looks for. */
const wordCharsMax = 256;
/** What Postgres counts to in a text. */
const placeMax = 16_383;
const snippetWords = 32;
const before = 8;

function plain(word: string): string {
  return word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().normalize("NFC");
}

export function wordsOf(text: string): string[] {
  // Most are plain as they are, and this is done for all that is said.
  if (ASCII.test(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return [...text.matchAll(WORD)].map(([word]) => plain(word));
}

/** A text as a `tsvector`. */
export function vectorOf(text: string): string {
  const places = new Map<string, number[]>();
  for (const [place, word] of wordsOf(text).entries()) {
    if (word.length > wordCharsMax || word === "") continue;
    const known = places.get(word);
    const at = Math.min(place + 1, placeMax);
    if (known === undefined) places.set(word, [at]);
    else if (known.length < 255) known.push(at);
  }
  return [...places].map(([word, at]) => `'${word}':${at.join(",")}`).join(" ");
}

/** What is looked for as a `tsquery`; null when there is no word in it. */
export function queryOf({ wanted, unwanted }: { wanted: Term[]; unwanted: Term[] }): string | null {
  const one = ({ text, isPrefix }: Term) => {
    const words = wordsOf(text).filter((word) => word.length <= wordCharsMax);
    const quoted = words.map((word, place) =>
      isPrefix && place === words.length - 1 ? `'${word}':*` : `'${word}'`,
    );
    return quoted.length === 0 ? [] : [`(${quoted.join(" <-> ")})`];
  };
  const all = wanted.flatMap(one);
  if (all.length === 0) return null;
  return [...all, ...unwanted.flatMap(one).map((term) => `!${term}`)].join(" & ");
}

/** Around the first of the words that are looked for, in pieces of which some are those words. */
export function snippetOf(text: string, wanted: Term[]): { text: string; hit: boolean }[] {
  const sought = wanted.flatMap(({ text: term, isPrefix }) => {
    const words = wordsOf(term);
    return words.map((word, place) => ({ word, begins: isPrefix && place === words.length - 1 }));
  });
  const isHit = (word: string) =>
    sought.some((one) => (one.begins ? word.startsWith(one.word) : word === one.word));
  const words = [...text.matchAll(WORD)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    hit: isHit(plain(match[0])),
  }));
  const first = Math.max(0, words.findIndex(({ hit }) => hit) - before);
  const shown = words.slice(first, first + snippetWords);
  return pieces(text, shown, first === 0, first + snippetWords >= words.length);
}

interface Place {
  start: number;
  end: number;
  hit: boolean;
}

function pieces(text: string, shown: Place[], fromStart: boolean, toEnd: boolean) {
  const out = [{ text: fromStart ? "" : "…", hit: false }];
  const add = (piece: string, hit: boolean) => {
    const last = out.at(-1)!;
    if (last.hit === hit) last.text += piece;
    else out.push({ text: piece, hit });
  };
  let at = fromStart ? 0 : (shown[0]?.start ?? 0);
  for (const { start, end, hit } of shown) {
    add(text.slice(at, start), false);
    add(text.slice(start, end), hit);
    at = end;
  }
  add(toEnd ? text.slice(at) : "…", false);
  return out.filter((piece) => piece.text !== "");
}
