/** How deep a frame's JSON may go; nothing that is said here comes near it. */
export const nestingMax = 100;

/**
 * Whether a frame nests deeper than `max`, read from its text: parsing it, and whatever walks it
 * afterwards, could run out of stack or memory. Text that is no JSON gives any answer.
 */
export function nestsDeeper(frame: string, max: number = nestingMax): boolean {
  let depth = 0;
  for (let i = 0; i < frame.length; i++) {
    switch (frame.charCodeAt(i)) {
      case 0x22:
        i = endOfString(frame, i);
        if (i === -1) return false;
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > max) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return false;
}

/** The index of the quote that ends the string which begins at `start`; -1 when none does. */
function endOfString(frame: string, start: number): number {
  for (let end = frame.indexOf('"', start + 1); end !== -1; end = frame.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (frame.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
