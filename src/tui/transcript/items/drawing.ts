/** What every kind of item is drawn with. */
import { visibleLines } from "../../../protocol/address.ts";
import { isObject, type JsonObject } from "../../../protocol/messages.ts";
import { trimEnd } from "../../../protocol/trim-end.ts";
import { chop, indent, type Line, span, wrap } from "../../text/lines.ts";
import type { StyleName } from "../../text/theme.ts";

export interface Drawing {
  /** The columns there are; rows may be narrower, never wider. */
  width: number;
  /** True: long output and long diffs in full. */
  expanded: boolean;
  /** How to see what was left out: `Ctrl-b o shows all`. */
  more: string;
  /** The session's directory; what lies in it is shown without it. */
  cwd: string;
  /** What is said of a card that has not ended. */
  running?: string;
  /** True: the prompt shows what is to be done, and the card need not show it, too. */
  asked?: boolean;
  /** True: answers come from the embedded demo model, and say so. */
  demo: boolean;
}

/** An item's drawer gives its rows, without the blank row between items. */
export type Drawer = (item: JsonObject, drawing: Drawing) => Line[];

/** The narrowest width that anything is laid out for. */
export const widthMin = 8;

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A path as it is seen from the session's directory. */
export function within(cwd: string, path: string): string {
  return cwd !== "" && path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A sign in front, and the text wrapped beside it. */
export function marked(
  sign: string,
  signStyle: StyleName,
  text: string,
  style: StyleName,
  width: number,
): Line[] {
  const rows = visibleLines(text)
    .split("\n")
    .flatMap((line) => wrap([span(line, style)], width - 2));
  return indent(rows, span(`${sign} `, signStyle), span("  "));
}

const rowsHead = 8;
const rowsTail = 24;
/** A single line of output that is longer than this is shown in part. */
const lineCharsMax = 1_000;

/**
 * Long text with its middle left out, said so in a row of its own; in full when `expanded`.
 * Only what is shown is looked at, so that a flood of output costs no more than a page of it.
 */
export function excerpt(
  text: string,
  drawing: Drawing,
  draw: (line: string) => Line[],
  head = rowsHead,
  tail = rowsTail,
): Line[] {
  const whole = trimEnd(text, "\n");
  if (drawing.expanded) return whole.split("\n").flatMap(draw);
  const short = (line: string) => draw(shorten(line));
  const headEnd = afterLines(whole, head);
  const tailStart = beforeLines(whole, tail);
  if (tailStart <= headEnd) return whole.split("\n").flatMap(short);
  const hidden = countLines(whole, headEnd, tailStart);
  if (hidden <= 1) return whole.split("\n").flatMap(short);
  const before = head === 0 ? [] : whole.slice(0, headEnd - 1).split("\n");
  return [
    ...before.flatMap(short),
    ...chop([span(`… ${hidden} lines more (${drawing.more})`, "dim")], drawing.width - 2),
    ...whole.slice(tailStart).split("\n").flatMap(short),
  ];
}

function shorten(line: string): string {
  if (line.length <= lineCharsMax) return line;
  return `${line.slice(0, lineCharsMax)}… ${line.length - lineCharsMax} characters more`;
}

/** Where the first `count` lines end, newline included; the end when there are fewer. */
function afterLines(text: string, count: number): number {
  let at = 0;
  for (let line = 0; line < count; line++) {
    const next = text.indexOf("\n", at);
    if (next === -1) return text.length;
    at = next + 1;
  }
  return at;
}

/** Where the last `count` lines begin. */
function beforeLines(text: string, count: number): number {
  let at = text.length;
  for (let line = 0; line < count; line++) {
    const next = at === 0 ? -1 : text.lastIndexOf("\n", at - 1);
    if (next === -1) return 0;
    at = next;
  }
  return at + 1;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    count++;
  }
  return count;
}
