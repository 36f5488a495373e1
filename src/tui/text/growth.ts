/**
 * What was made of the beginning of a text that grows. An answer on its way is drawn many times
 * a second, each time a little longer: what nothing that follows can change is made once, so each
 * drawing costs the text's end. What is known is found by the text it was made of, so what comes
 * out never depends on what was drawn before.
 */

/** As many texts as may grow at the same time: a few sessions side by side, a few items in each. */
const textsKept = 12;
/** The beginning of a shorter text is made again as fast as it is found. */
const charsLeast = 1_000;

export interface Settled<Made> {
  /** What was made of so many characters: no text that begins with those seen makes it another. */
  made: Made;
  chars: number;
}

export class Growth<Made> {
  /** The one used last at the end. */
  readonly #known: { seen: string; way: number; settled: Settled<Made> }[] = [];

  /** What is settled of `text`, made in this way; `nothing` when nothing is. */
  of(text: string, way: number, nothing: Made): Settled<Made> {
    const found = this.#known
      .filter((one) => one.way === way && begins(text, one.seen))
      .sort((a, b) => b.settled.chars - a.settled.chars)[0];
    return found?.settled ?? { made: nothing, chars: 0 };
  }

  /** Takes the place of what was kept for a shorter beginning of the same text. */
  keep(seen: string, way: number, settled: Settled<Made>): void {
    if (settled.chars < charsLeast) return;
    const before = this.#known.findIndex((one) => one.way === way && begins(seen, one.seen));
    if (before !== -1) this.#known.splice(before, 1);
    else if (this.#known.length >= textsKept) this.#known.shift();
    this.#known.push({ seen, way, settled });
  }
}

/** Compares as a whole, which is ten times as fast as `startsWith` for texts this long. */
function begins(text: string, beginning: string): boolean {
  return text.slice(0, beginning.length) === beginning;
}
