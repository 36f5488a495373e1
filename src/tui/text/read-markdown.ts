/**
 * Markdown read by a library whose patterns are made for what people write: some texts, a few
 * thousand signs in a row, take it seconds, and whoever writes an answer could stop the screen
 * with them. What is like that is not given to it. Pure.
 */
import { Lexer, type Token } from "marked";

/** A longer part is no prose. */
const partCharsMax = 20_000;

/** Code alone may have more: an item's or a quote's lines are gone through for each that follows. */
const linesMax = 1_000;
const beginsCode = /^\s*(?:```|~~~)/;

/** Quotes and lists within each other, begun on one line. */
const nestedTooDeep = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){40}/m;

/** Signs that may begin or end something; each is looked for up to the end of its paragraph. */
const emphasisSigns = /[*_~]+/g;
const emphasisMax = 200;
const otherSigns = /[[<`!\\&]/g;
const otherMax = 1_000;
/** For each character of a word it is asked whether an address begins there. */
const longWord = /\S{1000}/;

/** Null for a part that is shown as it is. */
export function readMarkdown(part: string): Token[] | null {
  if (part.length > partCharsMax || nestedTooDeep.test(part)) return null;
  if (countOf(part, /\n/g) > linesMax && !beginsCode.test(part)) return null;
  try {
    return new CarefulLexer({ gfm: true }).lex(part);
  } catch {
    // Nested so deep that the stack ended: nobody reads that as quotes within quotes.
    return null;
  }
}

/** Leaves a paragraph, an item's line or a cell as it is when it is none that a person wrote. */
class CarefulLexer extends Lexer {
  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (!isTooBusy(source)) return super.inlineTokens(source, tokens);
    tokens.push({ type: "escape", raw: source, text: source });
    return tokens;
  }
}

function isTooBusy(source: string): boolean {
  return (
    countOf(source, emphasisSigns) > emphasisMax ||
    countOf(source, otherSigns) > otherMax ||
    longWord.test(source)
  );
}

function countOf(text: string, signs: RegExp): number {
  return text.match(signs)?.length ?? 0;
}
