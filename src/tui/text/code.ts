/**
 * Light colours for code: comments, strings, numbers and keywords, told apart well enough to read
 * by and for next to nothing. One pass over each line, with what a line leaves open carried on.
 */
import { type LanguageRules, rulesFor } from "./languages.ts";
import { type Line, type Span, span } from "./lines.ts";
import type { StyleName } from "./theme.ts";

/** Longer lines are data, and are shown without colours. */
const lineCharsMax = 2_000;

/** `lines` are visible already; gives as many lines, of the same text. */
export function colored(lines: readonly string[], language: string): Line[] {
  const rules = rulesFor(language);
  if (rules === "diff") return lines.map((line) => [span(line, diffStyle(line))]);
  if (rules === null) return lines.map((line) => [span(line, "code")]);
  let open: Open = null;
  return lines.map((line) => {
    if (line.length > lineCharsMax) return [span(line, "plain")];
    const drawn = colorLine(line, rules, open);
    open = drawn.open;
    return drawn.line;
  });
}

/** A comment or string that goes on in the next line, and what ends it. */
type Open = { end: string; style: StyleName } | null;

function colorLine(line: string, rules: LanguageRules, given: Open): { line: Line; open: Open } {
  const spans: Span[] = [];
  let plainFrom = 0;
  let at = 0;
  let open = given;
  const put = (end: number, style: StyleName) => {
    if (at > plainFrom) spans.push(span(line.slice(plainFrom, at), "plain"));
    if (end > at) spans.push(span(line.slice(at, end), style));
    at = end;
    plainFrom = end;
  };
  const through = ({ end, style }: Exclude<Open, null>, from: number) => {
    const close = endOf(line, end, from);
    open = close === -1 ? { end, style } : null;
    put(close === -1 ? line.length : close, style);
  };
  if (open !== null) through(open, 0);
  while (at < line.length) {
    const block = rules.blocks.find(([begin]) => line.startsWith(begin, at));
    if (block !== undefined) {
      through({ end: block[1], style: block[2] }, at + block[0].length);
      continue;
    }
    if (rules.comments.some((sign) => startsComment(line, at, sign))) {
      put(line.length, "codeComment");
      break;
    }
    const quote = rules.quotes.find((sign) => line[at] === sign);
    if (quote !== undefined) {
      const close = endOf(line, quote, at + 1);
      put(close === -1 ? line.length : close, "codeString");
      continue;
    }
    const [word] = wordAt(line, at);
    if (word === undefined) {
      at++;
      continue;
    }
    const style = styleOfWord(word, rules);
    if (style === null) at += word.length;
    else put(at + word.length, style);
  }
  put(line.length, "plain");
  return { line: spans, open };
}

const words = /[\p{L}_$@][\p{L}\p{N}_$]*|\d[\w.]*/uy;

function wordAt(line: string, at: number): [string?] {
  words.lastIndex = at;
  const word = words.exec(line)?.[0];
  return word === undefined ? [] : [word];
}

function styleOfWord(word: string, { keywords, anyCase }: LanguageRules): StyleName | null {
  if (/^\d/.test(word)) return "codeNumber";
  return keywords.has(anyCase ? word.toLowerCase() : word) ? "codeKeyword" : null;
}

/** Where a string or comment ends, past its end sign; -1 when the line ends first. */
function endOf(line: string, end: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    if (line.startsWith(end, at)) return at + end.length;
    if (line[at] === "\\" && end.length === 1) at++;
  }
  return -1;
}

/** `#` is a comment only where a word could begin: `$#` and `a#b` are none. */
function startsComment(line: string, at: number, sign: string): boolean {
  if (!line.startsWith(sign, at)) return false;
  return sign !== "#" || at === 0 || /\s/.test(line[at - 1] ?? "");
}

function diffStyle(line: string): StyleName {
  if (/^(@@|diff |index |\+\+\+ |--- )/.test(line)) return "dim";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "plain";
}
