/** The text of an item as it may be shown; of one that grows, only what is new is looked at. */
import { visibleLines } from "../../protocol/address.ts";
import { Growth } from "./growth.ts";

const kept = new Growth<string>();
/** The one way there is. */
const way = 0;

/** A line that goes on for longer is also parted within. */
const lineCharsMax = 4_000;
/** How far back a place for that is looked for. */
const seamCharsMax = 200;

/** Gives what `visibleLines` does. */
export function shown(text: string, known = kept): string {
  const { chars, made } = known.of(text, way, "");
  const seam = chars + seamOf(text.slice(chars));
  const settled = made + visibleLines(text.slice(chars, seam));
  known.keep(text.slice(0, seam), way, { made: settled, chars: seam });
  return settled + visibleLines(text.slice(seam));
}

/** A place where what comes before is shown the same whatever follows: a line's end, or letters. */
function seamOf(text: string): number {
  const lineStart = text.lastIndexOf("\n") + 1;
  if (text.length - lineStart <= lineCharsMax) return lineStart;
  const from = text.length - seamCharsMax;
  const letters = text.slice(from).search(/(?<=\p{L})\p{L}/u);
  return letters === -1 ? lineStart : from + letters;
}
