/**
 * A pattern's automaton, as RE2 compiled it, and what is asked of it for each character, worked out
 * once: where it can begin. Conditions on what is around (`\b`, `$`) count as met.
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
const asciiCount = 128;

/** Where a way into the pattern began, and where its secret did, or never yet. */
export interface Way {
  start: number;
  secret: number;
}

/** Where a pattern can begin, and whether with its secret. */
interface Beginning {
  place: number;
  secret: boolean;
}

/**
 * How far the ways have come: where in the program each of them stands between two characters. They
 * are numbers in lists that are written over, since a front is made for each character.
 */
export class Front {
  /** How many there are; what the lists hold beyond is of an earlier front. */
  count = 0;
  readonly places: number[] = [];
  /** The ways to them, in the same order. */
  readonly starts: number[] = [];
  readonly secrets: number[] = [];
  /** Where the first pattern that is not decided began, and the first secret in one. */
  readonly open: Way = { start: never, secret: never };
  matched = false;
  /** A condition waits for the character that comes next. */
  conditional = false;

  clear(): void {
    this.count = 0;
    this.open.start = never;
    this.open.secret = never;
    this.matched = false;
    this.conditional = false;
  }
}

export class Automaton {
  readonly #prog: Prog;
  readonly #secretGroups: ReadonlySet<number>;
  readonly #beginnings: Beginning[];
  /** For each ASCII character those that take it. */
  readonly #byAscii: Beginning[][];
  /** For each two in a row whether a pattern that begins with the first can go on with the second. */
  readonly #pairs = new Uint8Array(asciiCount * asciiCount);
  /** By the place, where it is in the list that is being made, if it is: the list is to say. */
  readonly #listed: Uint32Array;

  constructor(prog: Prog, secretGroups: ReadonlySet<number>) {
    this.#prog = prog;
    this.#secretGroups = secretGroups;
    this.#listed = new Uint32Array(prog.inst.length);
    const front = new Front();
    // Without a group all of it is the secret.
    this.#follow(prog.start, 0, secretGroups.has(0) ? 0 : never, 0, front);
    this.#beginnings = front.places.map((place, i) => ({ place, secret: front.secrets[i] === 0 }));
    this.#byAscii = Array.from({ length: asciiCount }, (_, rune) => this.#takenBy(rune));
    for (let rune = 0; rune < asciiCount; rune++) this.#pairWith(rune, front);
  }

  #pairWith(first: number, front: Front): void {
    front.clear();
    this.begin(first, 0, 1, front);
    const anything = front.matched || front.conditional;
    const places = front.places.slice(0, front.count);
    for (let second = 0; second < asciiCount; second++) {
      const goesOn = anything || places.some((place) => this.#takes(place, second));
      this.#pairs[first * asciiCount + second] = goesOn ? 1 : 0;
    }
  }

  /**
   * The first place from `from` on where a pattern can begin; the end when there is none. Of two
   * ASCII characters both are looked at, of others one: almost all of a text is passed over so.
   */
  nextBeginning(text: string, from: number): number {
    const last = text.length - 1;
    for (let i = from; i < last; i++) {
      const first = text.charCodeAt(i);
      const second = text.charCodeAt(i + 1);
      if (first >= asciiCount) return i;
      if (second >= asciiCount ? this.#canBegin(first) : this.#pairs[first * asciiCount + second])
        return i;
    }
    return from <= last && this.#canBegin(text.charCodeAt(last)) ? last : text.length;
  }

  #canBegin(unit: number): boolean {
    return this.#byAscii[unit]?.length !== 0;
  }

  /** Ways that begin with `rune`, which is the `at`th character and ends before `end`. */
  begin(rune: number, at: number, end: number, into: Front): void {
    for (const { place, secret } of this.#byAscii[rune] ?? this.#takenBy(rune))
      this.#follow(this.#out(place), at, secret ? at : never, end, into);
  }

  /** The ways of `from` that take `rune`. */
  goOn(rune: number, end: number, from: Front, into: Front): void {
    for (let i = 0; i < from.count; i++) {
      const place = from.places[i] as number;
      if (!this.#takes(place, rune)) continue;
      this.#follow(this.#out(place), from.starts[i] ?? 0, from.secrets[i] ?? never, end, into);
    }
  }

  #takenBy(rune: number): Beginning[] {
    return this.#beginnings.filter(({ place }) => this.#takes(place, rune));
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
  #follow(place: number, start: number, secret: number, at: number, into: Front): void {
    const inst = this.#prog.inst[place];
    if (inst === undefined || inst.op === FAIL) return;
    if (inst.op === MATCH) {
      into.matched = true;
      return;
    }
    if (!this.#reach(place, start, secret, into)) return;
    if (inst.op === EMPTY_WIDTH) into.conditional = true;
    if (inst.op === EMPTY_WIDTH || inst.op >= RUNE) {
      into.open.start = Math.min(into.open.start, start);
      into.open.secret = Math.min(into.open.secret, secret);
    }
    if (inst.op >= RUNE && inst.op <= RUNE_ANY_NOT_NL) return;
    const opens = inst.op === CAPTURE && inst.arg % 2 === 0 && this.#secretGroups.has(inst.arg / 2);
    const from = opens && secret === never ? at : secret;
    this.#follow(inst.out, start, from, at, into);
    if (inst.op === ALT || inst.op === ALT_MATCH) this.#follow(inst.arg, start, from, at, into);
  }

  /** False when it was reached before, and no later. */
  #reach(place: number, start: number, secret: number, into: Front): boolean {
    const { places, starts, secrets } = into;
    const known = this.#listed[place] ?? 0;
    if (known >= into.count || places[known] !== place) {
      const next = into.count++;
      this.#listed[place] = next;
      places[next] = place;
      starts[next] = start;
      secrets[next] = secret;
      return true;
    }
    const [first, firstSecret] = [starts[known] ?? never, secrets[known] ?? never];
    if (first <= start && firstSecret <= secret) return false;
    starts[known] = Math.min(first, start);
    secrets[known] = Math.min(firstSecret, secret);
    return true;
  }
}
