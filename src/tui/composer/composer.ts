/**
 * The text being written: pure editing by characters as people see them. The cursor is an index
 * into the text's UTF-16 units and never stands inside a character.
 */
import { graphemes } from "../text/lines.ts";

export interface Composer {
  text: string;
  cursor: number;
  /** Which earlier message is shown, counted from the newest; null while writing. */
  recalled: number | null;
}

export const emptyComposer: Composer = { text: "", cursor: 0, recalled: null };

/** Characters are looked for this far around the cursor, however long the text. */
const reach = 64;

export function insert({ text, cursor }: Composer, added: string): Composer {
  return write(text.slice(0, cursor) + added + text.slice(cursor), cursor + added.length);
}

/**
 * A backslash at the very end makes Enter a new line, as in a shell: not every phone has Ctrl-j.
 * Null when Enter sends; two of them are words of the message.
 */
export function continued({ text, cursor }: Composer): Composer | null {
  if (cursor !== text.length || !/(^|[^\\])\\$/.test(text)) return null;
  return write(`${text.slice(0, -1)}\n`, cursor);
}

/** What a terminal pastes has carriage returns for newlines. */
export function pasted(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

export function backspace({ text, cursor }: Composer): Composer {
  const start = before(text, cursor);
  return write(text.slice(0, start) + text.slice(cursor), start);
}

export function remove({ text, cursor }: Composer): Composer {
  return write(text.slice(0, cursor) + text.slice(after(text, cursor)), cursor);
}

export function left(composer: Composer): Composer {
  return move(composer, before(composer.text, composer.cursor));
}

export function right(composer: Composer): Composer {
  return move(composer, after(composer.text, composer.cursor));
}

export function wordLeft(composer: Composer): Composer {
  return move(composer, wordStart(composer));
}

export function wordRight(composer: Composer): Composer {
  const rest = composer.text.slice(composer.cursor);
  return move(composer, composer.cursor + (/^\s*\S*/.exec(rest)?.[0].length ?? 0));
}

export function lineStart(composer: Composer): Composer {
  return move(composer, startOfLine(composer));
}

export function lineEnd(composer: Composer): Composer {
  return move(composer, endOfLine(composer));
}

export function killToStart(composer: Composer): Composer {
  const start = startOfLine(composer);
  return write(composer.text.slice(0, start) + composer.text.slice(composer.cursor), start);
}

/** Kills to the end of the line, or the newline when there already. */
export function killToEnd(composer: Composer): Composer {
  const { text, cursor } = composer;
  const end = Math.max(endOfLine(composer), text[cursor] === "\n" ? cursor + 1 : 0);
  return write(text.slice(0, cursor) + text.slice(end), cursor);
}

export function killWord(composer: Composer): Composer {
  const start = wordStart(composer);
  return write(composer.text.slice(0, start) + composer.text.slice(composer.cursor), start);
}

/** Up a line, keeping the column; null at the first line, where Up means something else. */
export function up(composer: Composer): Composer | null {
  const start = startOfLine(composer);
  if (start === 0) return null;
  const above = startOfLine({ ...composer, cursor: start - 1 });
  return move(composer, at(composer.text, above, start - 1, composer.cursor - start));
}

export function down(composer: Composer): Composer | null {
  const end = endOfLine(composer);
  if (end === composer.text.length) return null;
  const column = composer.cursor - startOfLine(composer);
  const below = endOfLine({ ...composer, cursor: end + 1 });
  return move(composer, at(composer.text, end + 1, below, column));
}

/** The next older (+1) or newer (-1) of `past`, newest first; writing resumes past the newest. */
export function recall(composer: Composer, past: readonly string[], step: 1 | -1): Composer {
  const index = (composer.recalled ?? -1) + step;
  if (index < 0) return composer.recalled === null ? composer : emptyComposer;
  const text = past[index];
  return text === undefined ? composer : { text, cursor: text.length, recalled: index };
}

function write(text: string, cursor: number): Composer {
  return { text, cursor, recalled: null };
}

function move(composer: Composer, cursor: number): Composer {
  return { ...composer, cursor };
}

function before(text: string, cursor: number): number {
  if (cursor === 0) return 0;
  return cursor - (graphemes(text.slice(Math.max(0, cursor - reach), cursor)).at(-1)?.length ?? 1);
}

function after(text: string, cursor: number): number {
  return cursor + (graphemes(text.slice(cursor, cursor + reach))[0]?.length ?? 0);
}

function startOfLine({ text, cursor }: Composer): number {
  return cursor === 0 ? 0 : text.lastIndexOf("\n", cursor - 1) + 1;
}

function endOfLine({ text, cursor }: Composer): number {
  const end = text.indexOf("\n", cursor);
  return end === -1 ? text.length : end;
}

function wordStart({ text, cursor }: Composer): number {
  const near = text.slice(Math.max(0, cursor - 4096), cursor);
  return cursor - (/\S*\s*$/.exec(near)?.[0].length ?? 0);
}

/** The place `column` units into a line, but not inside a character. */
function at(text: string, start: number, end: number, column: number): number {
  const wanted = Math.min(end, start + column);
  const low = wanted > 0 && /[\udc00-\udfff]/.test(text[wanted] ?? "");
  return low && wanted > start ? wanted - 1 : wanted;
}
