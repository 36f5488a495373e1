/**
 * How wide text is on a terminal. Names and most paths are ASCII; only other text is worth the
 * 10 ms that loading the real measure takes, so a caller says first what it is going to measure.
 */
export type Measure = (text: string) => number;

const PRINTABLE_ASCII = /^[\u0020-\u007e]*$/;

export async function measureFor(texts: readonly string[]): Promise<Measure> {
  if (texts.every((text) => PRINTABLE_ASCII.test(text))) return (text) => text.length;
  return (await import("string-width")).default;
}

export function padTo(text: string, columns: number, widthOf: Measure): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** The end of a path that fits: what is near the root says least. */
export function keepEnd(text: string, columns: number, widthOf: Measure): string {
  if (widthOf(text) <= columns) return text;
  const characters = [...text];
  while (characters.length > 0 && widthOf(characters.join("")) > columns - 1) characters.shift();
  return `…${characters.join("")}`;
}
