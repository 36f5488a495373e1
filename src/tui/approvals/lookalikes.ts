/**
 * What an eye takes for something else in a text that is to be approved: a word that mixes Latin
 * letters with others that look like them, and letters that are drawn from right to left. Whole
 * words of one script are as they seem. Pure.
 */
import { visible } from "../../protocol/address.ts";

/** Letters that most fonts draw as they draw a Latin one. */
const LOOKALIKES = {
  CYRILLIC: /[аеорсухіјѕһԁԛԝѵкмтвАВЕКМНОРСТУХЅІЈҮҺԌԚԜѴ]/u,
  GREEK: /[αικνορυχϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ]/u,
} as const;

/** Most texts are, and need none of Unicode's classes, which take a while to load. */
const plain = /^[\u0000-\u007f]*$/;

/** More than these are counted. */
const wordsMax = 3;
const pointsMax = 3;
const wordCharsMax = 40;

/** A sentence for each thing in the texts that may not be what it seems; none as a rule. */
export function lookalikes(texts: readonly string[]): string[] {
  const said = new Map<string, string>();
  for (const text of texts) {
    if (plain.test(text)) continue;
    for (const [one] of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
      const why = mixed(one);
      if (why !== null) said.set(one, why);
    }
  }
  const all = [...said.values()];
  const more = all.length - wordsMax;
  return more <= 0 ? all : [...all.slice(0, wordsMax), `${more} more words are like that`];
}

/** Said of letters that a terminal may draw in another order than the text has them. */
export function turnedAround(texts: readonly string[]): string[] {
  const found = texts.map(rightToLeftIn).find((one) => one !== undefined);
  if (found === undefined) return [];
  return [
    `there are right-to-left letters (${pointOf(found)}): their order here may differ from the real one`,
  ];
}

function rightToLeftIn(text: string): string | undefined {
  if (plain.test(text)) return undefined;
  const letters =
    /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}]/u;
  return letters.exec(text)?.[0];
}

function mixed(one: string): string | null {
  if (plain.test(one) || !/\p{Script=Latin}/u.test(one)) return null;
  const points = [...new Set(one)].flatMap((letter) => {
    const script = Object.entries(LOOKALIKES).find(([, letters]) => letters.test(letter))?.[0];
    return script === undefined ? [] : [`${pointOf(letter)} ${script}`];
  });
  if (points.length === 0) return null;
  const [more, looks] = [points.length - pointsMax, points.length === 1];
  const named = points.slice(0, pointsMax).join(", ") + (more > 0 ? ` and ${more} more` : "");
  const shown = visible([...one].slice(0, wordCharsMax).join(""));
  return `"${shown}" has ${named}, which ${looks ? "looks like a Latin letter" : "look like Latin letters"}`;
}

function pointOf(letter: string): string {
  const point = letter.codePointAt(0) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}
