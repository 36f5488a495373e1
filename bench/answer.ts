/** What the stand-in model says in benchmarks: prose, lists and code, as answers have them. */

const words =
  "the session keeps what it was told and every client sees the same thing at the same time".split(
    " ",
  );

/** An answer of so many words, each with its number: paragraphs, and at times a list or code. */
export function prose(count: number): string {
  return pieces(count).join("");
}

/** The same, word by word, as a model streams it. */
export function pieces(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const word = `${words[index % words.length]}${index}`;
    return `${before(index)}${word}`;
  });
}

const numbered = new RegExp(`\\b(?:${words.join("|")})(\\d+)\\b`, "g");

/** The number of the newest word that is to be seen; -1 for none. */
export function newestWord(text: string): number {
  return [...text.matchAll(numbered)].reduce((most, [, word]) => Math.max(most, Number(word)), -1);
}

/** What stands between a word and the one before: a block of 40 words is one of five kinds. */
function before(index: number): string {
  const block = Math.floor(index / 40);
  const first = index % 40 === 0;
  const kind = block % 5;
  const wasCode = block > 0 && (block - 1) % 5 === 3;
  if (first) {
    const end = index === 0 ? "" : wasCode ? "\n```\n\n" : "\n\n";
    return end + (kind === 2 ? "- " : kind === 3 ? "```ts\nconst " : kind === 4 ? "## " : "");
  }
  if (kind === 2 && index % 10 === 0) return "\n- ";
  if (kind === 3 && index % 8 === 0) return "\nconst ";
  if (kind === 4 && index % 40 === 5) return "\n\n";
  return " ";
}
