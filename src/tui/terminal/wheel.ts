/**
 * The mouse's reports, taken out of the terminal's bytes before Ink reads them: Ink drops what is
 * no key. Ink gets a stand-in for stdin whose `read` gives what is left.
 */

/** SGR form: button, column, row, press (M) or release (m). */
const report = /\u001b\[<(\d+);\d+;\d+([Mm])/g;
/** A report that a slow line brought in part; its rest comes with the next read. */
const begun = /\u001b\[<[\d;]{0,20}$/;

export type WheelKey = "wheel-up" | "wheel-down";

/** Takes chunks as they come; gives each one's other text, and the turns of the wheel in it. */
export class WheelFilter {
  #held = "";

  take(chunk: string): { rest: string; turns: WheelKey[] } {
    const turns: WheelKey[] = [];
    let rest = (this.#held + chunk).replace(report, (_, button: string, end: string) => {
      const turn = turnOf(Number(button));
      if (end === "M" && turn !== null) turns.push(turn);
      return "";
    });
    this.#held = begun.exec(rest)?.[0] ?? "";
    rest = rest.slice(0, rest.length - this.#held.length);
    return { rest, turns };
  }
}

/** The wheel alone means something here; with Shift, Alt or Ctrl it is still the wheel. */
function turnOf(button: number): WheelKey | null {
  const plain = button & ~0b11100;
  if (plain === 64) return "wheel-up";
  return plain === 65 ? "wheel-down" : null;
}

/** `stdin` in all but `read`; every listener and mode is the terminal's own. */
export function withoutWheel(
  stdin: NodeJS.ReadStream,
  onTurn: (key: WheelKey) => void,
): NodeJS.ReadStream {
  const filter = new WheelFilter();
  const read = (): string | null => {
    for (let chunk = stdin.read(); chunk !== null; chunk = stdin.read()) {
      const { rest, turns } = filter.take(String(chunk));
      for (const turn of turns) onTurn(turn);
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
