/** What a frame's JSON may be at most; nothing that is said here comes near either. */
import { HacsError } from "../protocol/errors.ts";

const nestingMax = 100;
const valuesMax = 20_000;

/**
 * Throws `frame-invalid` for a frame that nests too deep or holds too many values, as read from its
 * text: to parse it could run out of stack, or keep everybody else waiting.
 */
export function refuseIntricate(frame: string): void {
  const excess = excessOf(frame, nestingMax, valuesMax);
  if (excess === undefined) return;
  throw new HacsError(
    "frame-invalid",
    excess === "depth"
      ? `A frame nests ${nestingMax} levels at most; this one is deeper.`
      : `A frame holds ${valuesMax} values at most; this one holds more.`,
  );
}

/** What there is too much of, if anything. Text that is no JSON gives any answer. */
export function excessOf(
  frame: string,
  depthMax: number,
  valuesMost: number,
): "depth" | "values" | undefined {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < frame.length; i++) {
    switch (frame.charCodeAt(i)) {
      case 0x22:
        i = endOfString(frame, i);
        if (i === -1) return undefined;
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > depthMax) return "depth";
        if (++values > valuesMost) return "values";
        break;
      case 0x2c:
        if (++values > valuesMost) return "values";
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return undefined;
}

/** The index of the quote that ends the string which begins at `start`; -1 when none does. */
function endOfString(frame: string, start: number): number {
  const quote = frame.indexOf('"', start + 1);
  if (quote === -1 || frame.charCodeAt(quote - 1) !== 0x5c) return quote;
  // Few strings have one that may be escaped; those are read through.
  for (let i = start + 1; i < frame.length; i++) {
    const character = frame.charCodeAt(i);
    if (character === 0x22) return i;
    if (character === 0x5c) i++;
  }
  return -1;
}

/** Whether a peer's frame nests too deep; how much it may hold is bounded otherwise. */
export function nestsTooDeep(frame: string): boolean {
  // Most frames have not even so many brackets, and to count those is quicker than to pair them.
  if (countUpTo(frame, nestingMax, "{", "[") <= nestingMax) return false;
  return excessOf(frame, nestingMax, Number.POSITIVE_INFINITY) === "depth";
}

function countUpTo(frame: string, max: number, ...brackets: string[]): number {
  let count = 0;
  for (const bracket of brackets) {
    for (let at = frame.indexOf(bracket); at !== -1; at = frame.indexOf(bracket, at + 1)) {
      if (++count > max) return count;
    }
  }
  return count;
}
