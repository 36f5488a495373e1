/**
 * The only home of colours. The 16 base colours, bold, dim and inverse alone, so that the
 * terminal's own palette decides how they look on light and on dark; with NO_COLOR the colours
 * go and the weights stay.
 */
import type { Line } from "./lines.ts";

type Look = { color?: number; bold?: true; dim?: true; italic?: true; inverse?: true };

const red = 31;
const green = 32;
const yellow = 33;
const blue = 34;
const magenta = 35;
const cyan = 36;

const looks = {
  plain: {},
  dim: { dim: true },
  bold: { bold: true },
  emphasis: { italic: true },
  heading: { bold: true },
  code: { color: cyan },
  codeComment: { dim: true },
  codeString: { color: green },
  codeNumber: { color: yellow },
  codeKeyword: { color: magenta },
  link: { color: blue },
  user: { color: cyan, bold: true },
  agent: { color: green },
  demo: { color: magenta, bold: true },
  command: { bold: true },
  output: { dim: true },
  path: { color: blue, bold: true },
  added: { color: green },
  removed: { color: red },
  good: { color: green },
  warning: { color: yellow },
  bad: { color: red },
  rule: { dim: true },
  prompt: { color: cyan, bold: true },
  approval: { color: yellow, bold: true },
  key: { bold: true },
  match: { color: yellow, inverse: true },
  matchHere: { color: yellow, bold: true, inverse: true },
  status: { inverse: true },
  statusAside: { inverse: true, dim: true },
  statusAlert: { inverse: true, bold: true },
  statusWaits: { inverse: true, bold: true, color: yellow },
  selected: { inverse: true },
} as const satisfies Record<string, Look>;

export type StyleName = keyof typeof looks;

/** Codes come one by one, each with its own end: what Ink's tokenizer nests without guessing. */
function codesOf(look: Look, color: boolean): { open: string; close: string } {
  const pairs: [number, number][] = [];
  if (look.inverse) pairs.push([7, 27]);
  if (look.bold) pairs.push([1, 22]);
  if (look.dim) pairs.push([2, 22]);
  if (look.italic) pairs.push([3, 23]);
  if (look.color !== undefined && color) pairs.push([look.color, 39]);
  const sequence = (codes: number[]) => codes.map((code) => `\u001b[${code}m`).join("");
  return {
    open: sequence(pairs.map(([open]) => open)),
    close: sequence(pairs.map(([, close]) => close).reverse()),
  };
}

/**
 * A line as the terminal gets it. Items make their text visible themselves; a control byte that
 * one of them let through still ends here, since this is the last hand it passes.
 */
export function paint(line: Line, color: boolean): string {
  return line
    .map(({ text, style }) => {
      const { open, close } = codesOf(looks[style], color);
      return `${open}${text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "�")}${close}`;
    })
    .join("");
}

/** https://no-color.org: set and not empty means no colour. */
export function wantsColor(env: NodeJS.ProcessEnv): boolean {
  return (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}
