/**
 * Where a text that has not ended stands in a pattern: the pattern's own automaton, run along the
 * text, so that it can be said from which character on the text may still turn out to be a secret.
 * Too much is held back for a moment where a condition on what comes next is part of it, and never
 * too little.
 */
import { type Automaton, Front, type Way } from "./automaton.ts";

export class Progress {
  readonly #automaton: Automaton;
  #front = new Front();
  #spare = new Front();
  /** Whether a match may have ended since this was last set to false. */
  matched = false;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  /** Nothing is known of what came before. */
  restart(): void {
    this.#front.clear();
    this.matched = false;
  }

  /** Where the first pattern that is not decided began, and the first secret in one. */
  get open(): Readonly<Way> {
    return this.#front.open;
  }

  /** Goes on with `text`, whose first character is the `at`th of all. */
  read(text: string, at: number): void {
    for (let i = 0; i < text.length; ) {
      if (this.#front.count === 0) {
        i = this.#automaton.nextBeginning(text, i);
        if (i === text.length) return;
      }
      const rune = text.codePointAt(i) ?? 0;
      const units = rune > 0xffff ? 2 : 1;
      this.#step(rune, at + i, at + i + units);
      i += units;
    }
  }

  #step(rune: number, at: number, end: number): void {
    const [before, after] = [this.#front, this.#spare];
    after.clear();
    this.#automaton.goOn(rune, end, before, after);
    this.#automaton.begin(rune, at, end, after);
    this.matched ||= before.conditional || after.matched;
    this.#front = after;
    this.#spare = before;
  }
}
