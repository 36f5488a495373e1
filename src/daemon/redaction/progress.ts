/**
 * Where a text that has not ended stands in a pattern: the pattern's own automaton, as RE2
 * compiled it, run along the text, so that it can be said from which character on the text may
 * still turn out to be a secret. Conditions on what is around (`\b`, `$`) count as met: too much
 * is held back for a moment then, and never too little.
 */

/** RE2's program, of which this much is needed. */
export interface Prog {
  inst: Inst[];
  start: number;
}

interface Inst {
  op: number;
  out: number;
  arg: number;
  matchRune(rune: number): boolean;
}

/** The operations, as re2js numbers them. */
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const RUNE = 8;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;

const never = Number.POSITIVE_INFINITY;

/** A way into the pattern: where it began, and where its secret did, or never yet. */
interface Way {
  start: number;
  secret: number;
}

/** Where a pattern can begin, and whether with its secret. */
interface Place {
  place: number;
  secret: boolean;
}

export class Progress {
  readonly #prog: Prog;
  readonly #secretGroups: ReadonlySet<number>;
  /** The first places of all, and for each ASCII character those that take it. */
  readonly #first: Place[];
  readonly #firstByAscii: Place[][];
  /** By the place in the program. */
  #ways = new Map<number, Way>();
  #open: Way = { start: never, secret: never };
  /** Whether a match may have ended since this was last set to false. */
  matched = false;
  /** A condition waits for the character that comes next. */
  #conditional = false;

  constructor(prog: Prog, secretGroups: ReadonlySet<number>) {
    this.#prog = prog;
    this.#secretGroups = secretGroups;
    // Without a group all of it is the secret.
    this.#follow(prog.start, { start: 0, secret: secretGroups.has(0) ? 0 : never }, 0);
    this.#first = [...this.#ways].map(([place, way]) => ({ place, secret: way.secret === 0 }));
    this.#firstByAscii = Array.from({ length: 128 }, (_, rune) => this.#beginningWith(rune));
    this.restart();
  }

  /** Nothing is known of what came before. */
  restart(): void {
    this.#ways = new Map();
    this.#open = { start: never, secret: never };
    this.matched = false;
    this.#conditional = false;
  }

  /** Where the first pattern that is not decided began, and the first secret in one. */
  get open(): Way {
    return this.#open;
  }

  /** Goes on with `text`, whose first character is the `at`th of all. */
  read(text: string, at: number): void {
    for (let i = 0; i < text.length; ) {
      const rune = text.codePointAt(i) ?? 0;
      this.#step(rune, at + i, rune > 0xffff ? 2 : 1);
      i += rune > 0xffff ? 2 : 1;
    }
  }

  #step(rune: number, at: number, units: number): void {
    const first = this.#firstByAscii[rune] ?? this.#beginningWith(rune);
    if (first.length === 0 && this.#ways.size === 0) return;
    const before = this.#ways;
    this.matched ||= this.#conditional;
    this.#conditional = false;
    this.#ways = new Map();
    this.#open = { start: never, secret: never };
    for (const [place, way] of before)
      if (this.#takes(place, rune)) this.#follow(this.#out(place), way, at + units);
    for (const { place, secret } of first)
      this.#follow(this.#out(place), { start: at, secret: secret ? at : never }, at + units);
  }

  #beginningWith(rune: number): Place[] {
    return this.#first.filter(({ place }) => this.#takes(place, rune));
  }

  #out(place: number): number {
    return this.#prog.inst[place]?.out ?? 0;
  }

  #takes(place: number, rune: number): boolean {
    const inst = this.#prog.inst[place];
    if (inst === undefined || inst.op < RUNE || inst.op > RUNE_ANY_NOT_NL) return false;
    if (inst.op === RUNE_ANY) return true;
    return inst.op === RUNE_ANY_NOT_NL ? rune !== 10 : inst.matchRune(rune);
  }

  /** Everywhere that can be reached from `place` without a character. */
  #follow(place: number, way: Way, at: number): void {
    const inst = this.#prog.inst[place];
    if (inst === undefined || inst.op === FAIL) return;
    if (inst.op === MATCH) {
      this.matched = true;
      return;
    }
    const known = this.#ways.get(place);
    const both = known === undefined ? way : earlier(known, way);
    if (known !== undefined && both.start === known.start && both.secret === known.secret) return;
    this.#ways.set(place, both);
    this.#conditional ||= inst.op === EMPTY_WIDTH;
    if (inst.op === EMPTY_WIDTH || inst.op >= RUNE) this.#open = earlier(this.#open, both);
    if (inst.op >= RUNE && inst.op <= RUNE_ANY_NOT_NL) return;
    const opens = inst.op === CAPTURE && inst.arg % 2 === 0 && this.#isSecret(inst.arg / 2);
    const next = opens && both.secret === never ? { ...both, secret: at } : both;
    this.#follow(inst.out, next, at);
    if (inst.op === ALT || inst.op === ALT_MATCH) this.#follow(inst.arg, next, at);
  }

  #isSecret(group: number): boolean {
    return this.#secretGroups.has(group);
  }
}

function earlier(a: Way, b: Way): Way {
  return { start: Math.min(a.start, b.start), secret: Math.min(a.secret, b.secret) };
}
