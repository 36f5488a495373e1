/**
 * Text as it is, wrapped, and the rows of one that grows kept as far as they are settled. Pure
 * from outside.
 */
import { Growth } from "./growth.ts";
import { type Line, span, wrap, wrapOn } from "./lines.ts";

interface Wrapped {
  rows: readonly Line[];
  /** True: the last of `rows` is in the middle of a line. */
  within: boolean;
}

/** What is added to a line can change its last word, the row before that, and a character. */
const rowsUnsettled = 3;

const kept = new Growth<Wrapped>();

/** `text` is visible already; gives rows of at most `width` columns. */
export function plain(text: string, width: number, known = kept): Line[] {
  const { chars, made } = known.of(text, width, { rows: [], within: false });
  const lines = text.slice(chars).split("\n");
  const drawn = lines.map((line, index) => {
    const goesOn = index === 0 && made.within;
    return goesOn ? wrapOn([span(line)], width) : wrap([span(line)], width);
  });
  const last = drawn.pop() ?? [];
  const rows = [...made.rows, ...drawn.flat()];
  const settledRows = Math.max(0, last.length - rowsUnsettled);
  const lastLine = lines.at(-1) ?? "";
  const settledChars = charsOf(lastLine, last, settledRows);
  if (settledChars !== null) {
    known.keep(text, width, {
      made: {
        rows: [...rows, ...last.slice(0, settledRows)],
        within: settledRows > 0 || (made.within && lines.length === 1),
      },
      chars: text.length - lastLine.length + settledChars,
    });
  }
  return [...rows, ...last];
}

/**
 * How much of a line its first `count` rows took, with the spaces that went where it was broken;
 * null when a row does not say what the line says, as with a character that had no room.
 */
function charsOf(line: string, rows: readonly Line[], count: number): number | null {
  let at = 0;
  for (const row of rows.slice(0, count + 1)) {
    const text = row.map((part) => part.text).join("");
    if (!text.startsWith(" ")) while (line[at] === " ") at++;
    if (row === rows[count]) return at;
    if (!line.startsWith(text, at)) return null;
    at += text.length;
  }
  return count === 0 ? 0 : null;
}
