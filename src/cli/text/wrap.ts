/** Text in lines that fit the terminal, broken between words; what is one word stays one. */
import { measureFor } from "./width.ts";

/** Narrower than this, what is explained stands on a line of its own, above its explanation. */
const besideColumnsMin = 64;

/** Without a terminal, and on a wide one, lines that are still read with ease. */
const proseColumnsMax = 80;

export interface Row {
  term: string;
  text: string;
  /** What is printed for the term, when that is not the same: it with its colour. */
  painted?: string;
}

export type Wrap = (text: string, columns: number, indent?: string) => string[];

/** How wide help may be. */
export function proseColumns(columns: number): number {
  return Math.min(columns, proseColumnsMax);
}

/** Wraps by the width that the words of these texts have on a terminal. */
export async function wrapFor(texts: readonly string[]): Promise<Wrap> {
  const widthOf = await measureFor(texts);
  return (text, columns, indent = "") => wrap(text, columns, indent, widthOf);
}

/** The lines of `text`, each newline kept; every line but the first of each begins with `indent`. */
export function wrap(
  text: string,
  columns: number,
  indent = "",
  widthOf: (text: string) => number = (word) => word.length,
): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = "";
    let used = 0;
    for (const piece of paragraph.match(/\s*\S+/g) ?? []) {
      const columnsMore = widthOf(piece);
      if (line.trim() !== "" && used + columnsMore > columns) {
        lines.push(line);
        line = indent + piece.trimStart();
        used = widthOf(line);
      } else {
        line += piece;
        used += columnsMore;
      }
    }
    return [...lines, line];
  });
}

/** A table of terms and what they mean; on a narrow terminal the meaning goes below its term. */
export function rowLines(
  rows: readonly Row[],
  columns: number,
  options: { indent?: string; termColumns?: number; wrap?: Wrap } = {},
): string[] {
  const { indent = "  ", wrap: wrapped = wrap } = options;
  const widest = options.termColumns ?? Math.max(...rows.map(({ term }) => term.length));
  const beside = columns >= besideColumnsMin;
  const start = beside ? " ".repeat(indent.length + widest + 2) : `${indent}    `;
  return rows.flatMap(({ term, text, painted = term }) => {
    const paragraphs = text.split("\n").map((paragraph) => `${start}${paragraph}`);
    const [first = "", ...rest] = wrapped(paragraphs.join("\n"), columns, start);
    if (!beside) return [`${indent}${painted}`, ...(text === "" ? [] : [first, ...rest])];
    const head = `${indent}${painted}${" ".repeat(Math.max(0, widest - term.length))}  `;
    return [`${head}${first.slice(start.length)}`.trimEnd(), ...rest];
  });
}
