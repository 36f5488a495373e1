/**
 * The terminal's reports, of the mouse and of its colours, taken out of its bytes before Ink reads
 * them: Ink drops what is no key, and takes what it does not know for typed text. Ink gets a
 * stand-in for stdin whose `read` gives what is left.
 */

/** SGR form: button, column, row, press (M) or release (m). */
const report = /\u001b\[<(\d+);(\d+);(\d+)([Mm])/g;
/**
 * A report, or the mark before a paste, that a slow line brought in part; its rest comes with the
 * next read. Ink waits a moment and then takes the part for typed keys, and every newline of the
 * paste behind it for Enter.
 */
const begun =
  /\u001b(?:\[(?:<[\d;]{0,20}|2(?:0(?:0)?)?)?|\](?:1(?:1(?:;[\w:/?]{0,40}\u001b?)?)?)?)$/;
/** The answer to the question for the background's colour. */
const colorReport = /\u001b\]11;([\w:/]{1,40})(?:\u0007|\u001b\\)/g;

/** What the mouse did, and where: counted from the screen's first column and row, which are 0. */
export interface Pointing {
  does: "wheel-up" | "wheel-down" | "click";
  x: number;
  y: number;
}

/** Takes chunks as they come; gives each one's other text, and what the mouse did in it. */
export class ReportFilter {
  #held = "";

  take(chunk: string): { rest: string; pointings: Pointing[]; background: string | null } {
    const pointings: Pointing[] = [];
    let background: string | null = null;
    let rest = (this.#held + chunk).replace(
      report,
      (_, button: string, column: string, row: string, end: string) => {
        const does = end === "M" ? meaningOf(Number(button)) : null;
        if (does !== null) pointings.push({ does, x: Number(column) - 1, y: Number(row) - 1 });
        return "";
      },
    );
    rest = rest.replace(colorReport, (_, color: string) => {
      background = color;
      return "";
    });
    this.#held = begun.exec(rest)?.[0] ?? "";
    rest = rest.slice(0, rest.length - this.#held.length);
    return { rest, pointings, background };
  }
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
): NodeJS.ReadStream {
  const filter = new ReportFilter();
  const read = (): string | null => {
    for (let chunk = stdin.read(); chunk !== null; chunk = stdin.read()) {
      const { rest, pointings, background } = filter.take(String(chunk));
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
