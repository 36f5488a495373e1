/** What others bring about may come again and again: each kind of it is told once, and some kinds. */
const kindsMax = 20;

export class Once {
  readonly #told = new Set<string>();

  /** Whether this is the time to tell it. */
  first(kind: string): boolean {
    if (this.#told.has(kind) || this.#told.size >= kindsMax) return false;
    this.#told.add(kind);
    return true;
  }
}
