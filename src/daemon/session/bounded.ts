/**
 * Keeps a record small enough to be sent. codex may say things of any size (a command's output,
 * say); a frame has a bound, and a record that does not fit could never reach anyone.
 */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";

/** The longest JSON of a record's params, in UTF-16 units, that is kept as it is. */
const paramsCharsMax = 8 * 1024 * 1024;
/** In a longer one, texts beyond this are kept at their beginning and their end. */
const textCharsMax = 256 * 1024;

export function encodeBounded(params: JsonObject): string {
  const whole = JSON.stringify(params);
  return whole.length <= paramsCharsMax ? whole : JSON.stringify(shorten(params));
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
