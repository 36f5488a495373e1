/** What a frame's JSON may be at most; nothing that is said here comes near either. */
import { HacsError } from "../protocol/errors.ts";
import { limits } from "../protocol/methods.ts";

const nestingMax = 100;
const valuesMax = 20_000;
/** The names of members cost several times what a text of their length does. */
const nameCharsMax = 256 * 1024;
/** A message of nothing but line breaks or quotes has as many as it has bytes; nothing has more. */
const escapesMax = limits.messageBytesMax + 256 * 1024;

type Excess = "depth" | "values" | "names" | "escapes";

const rules: Record<Excess, string> = {
  depth: `nests ${nestingMax} levels at most; this one is deeper`,
  values: `holds ${valuesMax} values at most; this one holds more`,
  names: `has names of members of ${nameCharsMax} characters at most in all; this one has more`,
  escapes: `has ${escapesMax} escaped characters at most; this one has more`,
};

/**
 * Throws `frame-invalid` for a frame that nests too deep or holds too much, as read from its text:
 * to parse it could run out of stack, or keep everybody else waiting.
 */
export function refuseIntricate(frame: string): void {
  const excess = escapesExceed(frame, escapesMax)
    ? "escapes"
    : excessOf(frame, nestingMax, valuesMax, nameCharsMax);
  if (excess !== undefined) throw new HacsError("frame-invalid", `A frame ${rules[excess]}.`);
}

/** What there is too much of, if anything. Text that is no JSON gives any answer. */
export function excessOf(
  frame: string,
  depthMost: number,
  valuesMost: number,
  nameCharsMost = Number.POSITIVE_INFINITY,
): Excess | undefined {
  let depth = 0;
  let values = 1;
  let nameChars = 0;
  for (let i = 0; i < frame.length; i++) {
    switch (frame.charCodeAt(i)) {
      case 0x22: {
        const end = endOfString(frame, i);
        if (end === -1) return undefined;
        if (isName(frame, end)) nameChars += end - i - 1;
        if (nameChars > nameCharsMost) return "names";
        i = end;
        break;
      }
      case 0x5b:
      case 0x7b:
        if (++depth > depthMost) return "depth";
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

/** Whether what follows the string that ends there is a colon. */
function isName(frame: string, end: number): boolean {
  let next = end + 1;
  while (frame.charCodeAt(next) <= 0x20) next++;
  return frame.charCodeAt(next) === 0x3a;
}

/** Each has two characters at least, so few frames are read through for it. */
export function escapesExceed(frame: string, most: number): boolean {
  if (frame.length <= 2 * most) return false;
  let left = most;
  for (let i = frame.indexOf("\\"); i !== -1 && i < frame.length; i++) {
    if (frame.charCodeAt(i) !== 0x5c) continue;
    if (--left < 0) return true;
    i++;
  }
  return false;
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
