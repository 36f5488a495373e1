/**
 * The terminal's reports, of the mouse and of its colours, taken out of its bytes before Ink reads
 * them: Ink drops what is no key, and takes what it does not know for typed text. What a slow line
 * brought in part is held until its rest is there; a key's part for a bounded time, since Escape
 * is a key by itself. Ink gets a stand-in for stdin whose `read` gives what is left.
 */
import { type After, afterReading } from "./quiet.ts";

/** SGR form: button, column, row, press (M) or release (m). */
const report = /\u001b\[<(\d+);(\d+);(\d+)([Mm])/g;
/**
 * A report, or the mark before a paste, that a slow line brought in part; its rest comes with the
 * next read. Ink waits a moment and then takes the part for typed keys, and every newline of the
 * paste behind it for Enter.
 */
const begun =
  /\u001b(?:\[(?:<[\d;]{0,20}|2(?:0(?:0)?)?)?|\](?:1(?:1(?:;[\w:/?]{0,40}\u001b?)?)?)?)$/;
/** What begins as some keys do and is a key by itself too, when nothing follows. */
const unfinishedKey = /\u001b{1,2}(?:\[\[?[0-?]{0,20}|O[\d;]{0,20})?$/;
/**
 * For so long whatever follows an Escape makes an Alt key of it, as with Ink; afterwards only what
 * a person does not type within a moment: who leaves a prompt with Escape and types on at once has
 * left it.
 */
export const altMs = 20;
const restOfKey = /^(?:[[\]]|O[A-Z])/;
/**
 * For so long a part of a key is held; then an Escape is Escape. As vim's `ttimeoutlen`: packets
 * of a phone's ssh come further apart than Ink's own wait, and nobody feels it.
 */
export const keyMs = 100;
/** Escape in a form that nothing behind it can be taken for the rest of. */
const escapeKey = "\u001b[27u";

/** The answer to the question for the background's colour. */
const colorReport = /\u001b\]11;([\w:/]{1,40})(?:\u0007|\u001b\\)/g;

/**
 * Any other answer of the terminal's: what was on the screen before may have asked for it, and
 * typed out it would end with the key that its end is, which opens the editor.
 */
const otherReport = /\u001b[\]P_^][^\u0007\u001b]{1,4096}(?:\u0007|\u001b\\)/g;

/** What the mouse did, and where: counted from the screen's first column and row, which are 0. */
export interface Pointing {
  does: "wheel-up" | "wheel-down" | "click";
  x: number;
  y: number;
}

const pasteBegin = "\u001b[200~";
const pasteEnd = "\u001b[201~";

interface Taken {
  rest: string;
  pointings: Pointing[];
  background: string | null;
}

/**
 * Takes chunks as they come; gives each one's other text, and what the mouse did in it. What is
 * pasted is text, whatever it looks like: it clicks nothing.
 */
export class ReportFilter {
  #held = "";
  /** Held as well, and for a bounded time; only one of both is held. */
  #key = "";
  /** True: the time for Alt is over. */
  #late = false;
  #pasting = false;
  /** True: the last that was given is an Escape that had waited long enough. */
  #escaped = false;

  /** True: `waited` has to be told how long nothing comes. */
  get holdsKey(): boolean {
    return this.#key !== "";
  }

  take(chunk: string): Taken {
    const taken: Taken = { rest: "", pointings: [], background: null };
    let left = this.#begunBefore(chunk) + chunk;
    this.#held = "";
    this.#key = "";
    this.#late = false;
    this.#escaped = false;
    while (left !== "") {
      left = this.#pasting ? this.#pasted(left, taken) : this.#typed(left, taken);
    }
    return taken;
  }

  /** Nothing came since the last chunk, for so long; gives what is a key by now. */
  waited(ms: number): string {
    this.#late = ms >= altMs;
    if (ms < keyMs) return "";
    const key = withWholeEscapes(this.#key);
    this.#escaped = key !== this.#key;
    this.#key = "";
    return key;
  }

  #begunBefore(chunk: string): string {
    // An Escape that went ahead as the key, and every newline of the paste would be Enter.
    if (this.#escaped && chunk.startsWith(pasteBegin.slice(1))) return "\u001b";
    const over = this.#late && !restOfKey.test(chunk);
    return this.#held + (over ? withWholeEscapes(this.#key) : this.#key);
  }

  /** Takes what comes before a paste and the mark itself; gives what follows. */
  #typed(text: string, taken: Taken): string {
    const begins = text.indexOf(pasteBegin);
    const typed = begins === -1 ? text : text.slice(0, begins);
    const rest = withoutReportsIn(typed, taken);
    if (begins === -1) {
      this.#held = begun.exec(rest)?.[0] ?? "";
      if (this.#held === "") this.#key = unfinishedKey.exec(rest)?.[0] ?? "";
      taken.rest += rest.slice(0, rest.length - this.#held.length - this.#key.length);
      return "";
    }
    taken.rest += rest + pasteBegin;
    this.#pasting = true;
    return text.slice(begins + pasteBegin.length);
  }

  #pasted(text: string, taken: Taken): string {
    const ends = text.indexOf(pasteEnd);
    if (ends === -1) {
      this.#held = partOf(pasteEnd, text);
      taken.rest += text.slice(0, text.length - this.#held.length);
      return "";
    }
    this.#pasting = false;
    taken.rest += text.slice(0, ends + pasteEnd.length);
    return text.slice(ends + pasteEnd.length);
  }
}

function withoutReportsIn(text: string, taken: Taken): string {
  return text
    .replace(report, (_, button: string, column: string, row: string, end: string) => {
      const does = end === "M" ? meaningOf(Number(button)) : null;
      if (does !== null) taken.pointings.push({ does, x: Number(column) - 1, y: Number(row) - 1 });
      return "";
    })
    .replace(colorReport, (_, color: string) => {
      taken.background = color;
      return "";
    })
    .replace(otherReport, "");
}

/** Where nothing but Escapes is held, each is the key. */
function withWholeEscapes(key: string): string {
  return /^\u001b+$/.test(key) ? key.replaceAll("\u001b", escapeKey) : key;
}

/** As much of the mark as the text ends with, when that is not all of it. */
function partOf(mark: string, text: string): string {
  for (let length = mark.length - 1; length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return mark.slice(0, length);
  }
  return "";
}

/** With Shift, Alt or Ctrl the wheel is still the wheel, and a click means nothing here. */
function meaningOf(button: number): Pointing["does"] | null {
  if (button === 0) return "click";
  const plain = button & ~0b11100;
  if (plain === 64) return "wheel-up";
  return plain === 65 ? "wheel-down" : null;
}

/** `stdin` in all but `read`; every listener and mode is the terminal's own. */
export function withoutReports(
  stdin: NodeJS.ReadStream,
  onPointing: (pointing: Pointing) => void,
  onBackground: (color: string) => void,
  after: After = afterReading,
): NodeJS.ReadStream {
  const filter = new ReportFilter();
  /** A key that time made one. */
  let due = "";
  let timers: (() => void)[] = [];
  const wait = () => {
    for (const callOff of timers) callOff();
    const times = filter.holdsKey ? [altMs, keyMs] : [];
    timers = times.map((ms) =>
      after(ms, () => {
        due += filter.waited(ms);
        if (due !== "") stdin.emit("readable");
      }),
    );
  };
  const read = (): string | null => {
    if (due !== "") {
      const key = due;
      due = "";
      return key;
    }
    for (let chunk = stdin.read(); chunk !== null; chunk = stdin.read()) {
      const { rest, pointings, background } = filter.take(String(chunk));
      wait();
      if (background !== null) onBackground(background);
      for (const pointing of pointings) onPointing(pointing);
      if (rest !== "") return rest;
    }
    return null;
  };
  return new Proxy(stdin, {
    get: (target, name) => {
      if (name === "read") return read;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
