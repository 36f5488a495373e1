/**
 * A text that comes in pieces, given on without its secrets. A secret may be split over any
 * number of pieces, so what may still turn out to be one is held back until that is known:
 * mostly nothing, else some characters. What is held has a bound, and past it the rest of the
 * text is left out: the item that completes has all of it, redacted as a whole.
 *
 * Places are counted from the beginning of the whole text; the buffer begins at `#base`.
 */
import { Progress } from "./progress.ts";
import { bySecret, type Found, mark, type Search } from "./search.ts";

const heldCharsMax = 16 * 1024;

/** One search on its way along the text. */
interface Trail {
  search: Search;
  progress: Progress;
  /** Where its last match ended: what begins inside a match is a part of it. */
  from: number;
}

export class RedactedStream {
  readonly #trails: Trail[];
  /** What is needed to decide what is not decided. */
  #buffer = "";
  #base = 0;
  /** Up to where it was given on. */
  #given = 0;
  /** Secrets that were found and not reached yet, in order. */
  #found: Found[] = [];
  /** Pieces were missed: what comes first may be the end of a secret that began in them. */
  #afterGap: boolean;
  #silent = false;

  constructor(searches: readonly Search[], afterGap: boolean) {
    this.#trails = searches.map((search) => ({
      search,
      progress: new Progress(search.automaton),
      from: 0,
    }));
    this.#afterGap = afterGap;
  }

  /** Gives what can be shown of it so far. */
  push(piece: string): string {
    if (this.#silent) return "";
    const text = this.#afterGap ? this.#afterFirstSpace(piece) : piece;
    if (text === "") return "";
    const at = this.#end;
    this.#buffer += text;
    // Where something may be a secret, and where the pattern that says so begins.
    const waiting = { secret: this.#end, start: this.#end };
    for (const trail of this.#trails) {
      trail.progress.read(text, at);
      this.#decide(trail, waiting);
    }
    const shown = this.#giveTo(waiting.secret);
    // Of what came before, patterns may ask for the last character.
    const needed = Math.max(this.#base, Math.min(waiting.start, this.#given) - 1);
    this.#buffer = this.#buffer.slice(needed - this.#base);
    this.#base = needed;
    if (this.#buffer.length <= heldCharsMax) return shown;
    this.#silent = true;
    this.#buffer = "";
    return `${shown}${mark("too long to tell")}`;
  }

  get #end(): number {
    return this.#base + this.#buffer.length;
  }

  #afterFirstSpace(piece: string): string {
    const space = piece.search(/\s/);
    if (space === -1) return "";
    this.#afterGap = false;
    return piece.slice(space);
  }

  /** A match is certain once nothing that began with or before it can still go on. */
  #decide(trail: Trail, waiting: { secret: number; start: number }): void {
    const { progress } = trail;
    while (progress.matched) {
      const found = this.#next(trail);
      if (found === undefined) {
        progress.matched = false;
      } else if (found.start < progress.open.start) {
        this.#found.push(found);
        trail.from = found.end;
        progress.restart();
        progress.read(this.#buffer.slice(found.end - this.#base), found.end);
      } else {
        waiting.secret = Math.min(waiting.secret, found.secretStart);
        waiting.start = Math.min(waiting.start, found.start);
        break;
      }
    }
    waiting.secret = Math.min(waiting.secret, progress.open.secret);
    waiting.start = Math.min(waiting.start, progress.open.start);
  }

  #next({ search, from }: Trail): Found | undefined {
    const place = this.#base;
    for (const found of search.find(this.#buffer, Math.max(0, from - place))) {
      return {
        name: found.name,
        start: found.start + place,
        end: found.end + place,
        secretStart: found.secretStart + place,
        secretEnd: found.secretEnd + place,
      };
    }
    return undefined;
  }

  #giveTo(limit: number): string {
    let shown = "";
    if (this.#found.length > 1) this.#found.sort(bySecret);
    while (this.#found[0] !== undefined && this.#found[0].secretStart < limit) {
      const { secretStart, secretEnd, name } = this.#found[0];
      this.#found.shift();
      if (secretStart >= this.#given) shown += this.#give(secretStart) + mark(name);
      this.#given = Math.max(this.#given, secretEnd);
    }
    return limit > this.#given ? shown + this.#give(limit) : shown;
  }

  #give(to: number): string {
    const shown = this.#buffer.slice(this.#given - this.#base, to - this.#base);
    this.#given = to;
    return shown;
  }
}
