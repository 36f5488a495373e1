/**
 * Keeps a record small enough to be sent. codex may say things of any size (a command's output,
 * say); a frame has a bound, and a record that does not fit could never reach anyone. Nor may it
 * nest without end: SQLite, and whoever walks through it, runs out of stack.
 */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";

/** The longest JSON of a record's params, in UTF-16 units, that is kept as it is. */
const paramsCharsMax = 8 * 1024 * 1024;
/** In a longer one, texts beyond this are kept at their beginning and their end. */
const textCharsMax = 256 * 1024;
/** What lies deeper is kept as its JSON's text. codex's own is nowhere near. */
const nestingMax = 90;

export function encodeBounded(params: JsonObject): string {
  const whole = JSON.stringify(params);
  if (whole.length <= paramsCharsMax) return whole;
  const short = JSON.stringify(shorten(params));
  // Of countless short things there is no better half.
  return short.length <= paramsCharsMax ? short : JSON.stringify({ shortened: shortenText(whole) });
}

/** The same value where nothing in it lies too deep. */
export function flat<T extends Json>(value: T): T {
  return isDeep(value, nestingMax) ? (flattened(value, nestingMax) as T) : value;
}

function isDeep(value: Json | undefined, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const each of Object.values(value)) if (isDeep(each, levels - 1)) return true;
  return false;
}

function flattened(value: Json | undefined, levels: number): Json | undefined {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return textOf(value);
  if (Array.isArray(value)) return value.map((each) => flattened(each, levels - 1) ?? null);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, flattened(each, levels - 1)]),
  );
}

function textOf(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "[… nested too deep …]";
  }
}

function shorten(value: Json | undefined): Json | undefined {
  if (typeof value === "string") return shortenText(value);
  if (Array.isArray(value)) return value.map((each) => shorten(each) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shorten(each)]));
}

function shortenText(text: string): string {
  if (text.length <= textCharsMax) return text;
  const half = textCharsMax / 2;
  const left = text.length - 2 * half;
  return `${text.slice(0, half)}\n[… ${left} characters are left out here …]\n${text.slice(-half)}`;
}
