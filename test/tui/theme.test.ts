/** What the theme may do on any terminal: be read on light and on dark, and do without colours. */
import { expect, test } from "vitest";
import { span } from "../../src/tui/text/lines.ts";
import {
  backgroundFrom,
  backgroundOf,
  colorsOf,
  paint,
  type StyleName,
  styleNames,
} from "../../src/tui/text/theme.ts";

const escapes = (style: StyleName, ...how: [0 | 16 | 256, ("light" | "dark" | null)?]) =>
  [...paint([span("x", style)], ...how).matchAll(/\u001b\[([\d;]*)m/g)].map(([, code]) => code!);

/** https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio, of a colour of the 256 against white. */
function againstWhite(index: number): number {
  const level = (value: number) => [0, 95, 135, 175, 215, 255][value]! / 255;
  const cube = index - 16;
  const linear = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6]
    .map(level)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const [r = 0, g = 0, b = 0] = linear;
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
}

test("on dark, and where nobody knows, the colours are the terminal's own six", () => {
  for (const style of styleNames) {
    for (const background of ["dark", null] as const) {
      for (const code of escapes(style, 256, background)) {
        expect(code).toMatch(/^([1237]|2[2379]|3[1-6]|39)$/);
      }
    }
  }
});

test("on light every colour can be read: dark shades of the 256, and none of the pale ones of 16", () => {
  for (const style of styleNames) {
    for (const code of escapes(style, 256, "light")) {
      const index = /^38;5;(\d+)$/.exec(code)?.[1];
      if (index === undefined) expect(code).toMatch(/^([1237]|2[2379]|39)$/);
      else expect(againstWhite(Number(index))).toBeGreaterThanOrEqual(4.5);
    }
    for (const code of escapes(style, 16, "light")) expect(code).not.toMatch(/^(33|36|9\d)$/);
  }
});

test("without colours the weights stay, and what is opened is closed", () => {
  const closes: Record<string, string> = { 1: "22", 2: "22", 3: "23", 7: "27" };
  for (const style of styleNames) {
    for (const colors of [0, 16, 256] as const) {
      const codes = escapes(style, colors);
      if (colors === 0) expect(codes.join(" ")).not.toMatch(/3[0-8]|39/);
      const opens = codes.slice(0, codes.length / 2);
      expect(codes.slice(codes.length / 2)).toEqual(
        opens.map((code) => closes[code] ?? "39").reverse(),
      );
    }
  }
  // What has to be told apart is, by weight or by the other ink.
  for (const style of ["approval", "statusWaits", "matchHere", "selected", "key"] as const) {
    expect(escapes(style, 0)).not.toEqual([]);
  }
});

test.each<[NodeJS.ProcessEnv, number]>([
  [{ TERM: "xterm" }, 16],
  [{ TERM: "xterm-256color" }, 256],
  [{ TERM: "xterm", COLORTERM: "truecolor" }, 256],
  [{ TERM: "xterm-256color", NO_COLOR: "1" }, 0],
  [{ TERM: "xterm-256color", NO_COLOR: "" }, 256],
  [{ TERM: "dumb" }, 0],
])("%j has %d colours", (env, colors) => {
  expect(colorsOf(env)).toBe(colors);
});

test("what the terminal says of its background is understood, and nothing else is", () => {
  const answers: [string, string | null][] = [
    ["rgb:ffff/ffff/ffff", "light"],
    ["rgb:fd/f6/e3", "light"],
    ["rgb:0000/0000/0000", "dark"],
    ["rgb:1e1e/1e1e/2e2e", "dark"],
    ["rgba:ffff/ffff/ffff/8000", "light"],
    ["what", null],
  ];
  for (const [answer, background] of answers) expect(backgroundFrom(answer)).toBe(background);
  expect(backgroundOf({ COLORFGBG: "0;15" })).toBe("light");
  expect(backgroundOf({ COLORFGBG: "15;default;0" })).toBe("dark");
  expect(backgroundOf({})).toBeNull();
});
