/**
 * The only home of colours. The 16 base colours, bold, dim and inverse alone, so that the
 * terminal's own palette decides how they look; no grey is fixed, dim text is the terminal's own
 * ink. On a light background the palette's yellow, cyan and green are too pale to read, and darker
 * shades take their places where the terminal has them. With NO_COLOR the colours go and the
 * weights stay.
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
export const styleNames = Object.keys(looks) as StyleName[];

/** How many colours the terminal has; none where none are wanted. */
export type Colors = 0 | 16 | 256;
export type Background = "light" | "dark";

/** Of the 256: each is at least 4.5 to 1 against white. */
const onLight: Record<number, string> = {
  [red]: "38;5;124",
  [green]: "38;5;28",
  [yellow]: "38;5;94",
  [blue]: "38;5;25",
  [magenta]: "38;5;127",
  [cyan]: "38;5;24",
};
/** Of the 16, the ones that are dark in any palette stand for the pale ones. */
const onLightOf16: Record<number, number> = { [yellow]: magenta, [cyan]: blue };

function colorCode(color: number, colors: Colors, background: Background | null): number | string {
  if (background !== "light") return color;
  return colors === 256 ? (onLight[color] ?? color) : (onLightOf16[color] ?? color);
}

/** Codes come one by one, each with its own end: what Ink's tokenizer nests without guessing. */
function codesOf(
  look: Look,
  colors: Colors,
  background: Background | null,
): { open: string; close: string } {
  const pairs: [number | string, number][] = [];
  if (look.inverse) pairs.push([7, 27]);
  if (look.bold) pairs.push([1, 22]);
  if (look.dim) pairs.push([2, 22]);
  if (look.italic) pairs.push([3, 23]);
  if (look.color !== undefined && colors > 0) {
    pairs.push([colorCode(look.color, colors, background), 39]);
  }
  const sequence = (codes: (number | string)[]) => codes.map((code) => `\u001b[${code}m`).join("");
  return {
    open: sequence(pairs.map(([open]) => open)),
    close: sequence(pairs.map(([, close]) => close).reverse()),
  };
}

/**
 * A line as the terminal gets it. Items make their text visible themselves; a control byte that
 * one of them let through still ends here, since this is the last hand it passes.
 */
export function paint(line: Line, colors: Colors, background: Background | null = null): string {
  return line
    .map(({ text, style }) => {
      const { open, close } = codesOf(looks[style], colors, background);
      return `${open}${text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "�")}${close}`;
    })
    .join("");
}

/** https://no-color.org: set and not empty means no colour. */
export function colorsOf(env: NodeJS.ProcessEnv): Colors {
  if ((env.NO_COLOR ?? "") !== "" || env.TERM === "dumb") return 0;
  const many = /256|direct/.test(env.TERM ?? "") || /^(truecolor|24bit)$/.test(env.COLORTERM ?? "");
  return many ? 256 : 16;
}

/** What rxvt, konsole and others say before they are asked: `COLORFGBG=0;15` is black on white. */
export function backgroundOf(env: NodeJS.ProcessEnv): Background | null {
  const paper = /;(\d+)$/.exec(env.COLORFGBG ?? "")?.[1];
  if (paper === undefined) return null;
  return paper === "7" || Number(paper) > 8 ? "light" : "dark";
}

/** Asks for the colour behind the text; a terminal that does not know the question is silent. */
export const askBackground = "\u001b]11;?\u001b\\";

/** From its answer, `rgb:ffff/ffff/ffff`: light when black is easier to read on it than white. */
export function backgroundFrom(answer: string): Background | null {
  const parts = /^rgba?:([\da-f]+)\/([\da-f]+)\/([\da-f]+)/i.exec(answer)?.slice(1);
  if (parts === undefined) return null;
  const [r = 0, g = 0, b = 0] = parts.map(
    (part) => (Number.parseInt(part, 16) / (16 ** part.length - 1)) ** 2.2,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "light" : "dark";
}
