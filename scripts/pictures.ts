/**
 * Takes the README's pictures: runs the real program in a terminal emulator, with the demo model,
 * and draws what is on the screen as SVG. `sh bin/node scripts/pictures.ts`
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Terminal as XtermTerminal } from "@xterm/headless";
import { createHome } from "../test/support/home.ts";
import type { TestTerminal } from "../test/support/terminal.ts";

const { Terminal } = createRequire(import.meta.url)("@xterm/headless") as {
  Terminal: typeof XtermTerminal;
};

const cell = { width: 8.4, height: 18, fontSize: 14 };
const paper = "#1c1e26";
const ink = "#d5d8da";
const palette = [
  ["#1c1e26", "#e95678", "#29d398", "#fab795", "#26bbd9", "#ee64ac", "#59e1e3", "#d5d8da"],
  ["#6c6f93", "#ec6a88", "#3fdaa4", "#fbc3a7", "#3fc4de", "#f075b5", "#6be4e6", "#ffffff"],
].flat();

const folder = new URL("../docs/pictures/", import.meta.url);
mkdirSync(folder, { recursive: true });

const home = await createHome();
// The directory is seen in the pictures, so it has a name that says something.
const website = "/tmp/website";
mkdirSync(website, { recursive: true });
try {
  await home.ok(["new", "web", "-d", "--provider", "demo", "--cwd", website]);
  await home.ok(["send", "web", "write greeting.md Hello, world."]);
  await home.ok(["wait", "web", "--for", "approval"]);
  await home.cli(["approve", "web"]);
  await home.ok(["wait", "web"]);
  await home.ok(["send", "web", "--wait", "run ls -l"]);
  await home.ok(["send", "web", "ask npm publish --dry-run"]);
  await home.ok(["wait", "web", "--for", "approval"]);
  await home.ok(["new", "docs", "-d", "--provider", "demo", "--cwd", website]);
  await picture("attach", 100, 30, ["attach", "web"], "npm publish");
  await picture("phone", 40, 20, ["attach", "web"], "npm publish");
  await picture("ls", 100, 6, ["ls"], "needs-approval");
  await home.ok(["new", "api", "-d", "--provider", "demo", "--cwd", website]);
  await home.ok(["send", "api", "--wait", "what is here?"]);
  await home.ok(["send", "docs", "--wait", "run ls"]);
  await home.ok(["send", "api", "run sleep 20"]);
  await picture("top", 100, 18, ["top"], "npm publish");
} finally {
  await home.close();
  rmSync(website, { recursive: true, force: true });
}

async function picture(
  name: string,
  cols: number,
  rows: number,
  args: string[],
  sight: string,
): Promise<void> {
  const terminal = home.terminal(args, { cols, rows });
  await terminal.waitFor(sight);
  // The picture is of a screen at rest: everything that was asked for has been drawn.
  await new Promise((resolve) => setTimeout(resolve, 600));
  writeFileSync(new URL(`${name}.svg`, folder), await draw(terminal, cols, rows));
  await terminal.close();
  console.log(`docs/pictures/${name}.svg`);
}

async function draw(source: TestTerminal, cols: number, rows: number): Promise<string> {
  const screen = new Terminal({ cols, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => screen.write(source.raw(), resolve));
  const buffer = screen.buffer.active;
  const parts: string[] = [];
  for (let y = 0; y < rows; y++) {
    const line = buffer.getLine(buffer.viewportY + y);
    for (let x = 0; line !== undefined && x < cols; x++) {
      const at = line.getCell(x);
      if (at === undefined || at.getWidth() === 0) continue;
      const inverse = at.isInverse() !== 0;
      const fg = at.isFgDefault() ? ink : colour(at.getFgColor(), at.isFgRGB());
      const bg = at.isBgDefault() ? paper : colour(at.getBgColor(), at.isBgRGB());
      const [front, back] = inverse ? [bg, fg] : [fg, bg];
      const width = cell.width * at.getWidth();
      if (back !== paper) {
        parts.push(
          `<rect x="${(x * cell.width).toFixed(1)}" y="${y * cell.height}" width="${width + 0.3}" height="${cell.height}" fill="${back}" shape-rendering="crispEdges"/>`,
        );
      }
      const text = at.getChars();
      if (text.trim() === "") continue;
      const style = `${at.isBold() ? ' font-weight="bold"' : ""}${at.isDim() ? ' opacity="0.6"' : ""}${at.isItalic() ? ' font-style="italic"' : ""}`;
      parts.push(
        `<text x="${(x * cell.width).toFixed(1)}" y="${y * cell.height + 13.5}" fill="${front}"${style}>${escapeXml(text)}</text>`,
      );
    }
  }
  const [width, height] = [cols * cell.width, rows * cell.height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 -12 ${width + 24} ${height + 24}" width="${width + 24}" font-family="ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',monospace" font-size="${cell.fontSize}">
<rect x="-12" y="-12" width="${width + 24}" height="${height + 24}" rx="8" fill="${paper}"/>
${parts.join("\n")}
</svg>
`;
}

function colour(value: number, rgb: boolean): string {
  if (rgb) return `#${value.toString(16).padStart(6, "0")}`;
  const known = palette[value];
  if (known !== undefined) return known;
  if (value >= 232) {
    const grey = (8 + (value - 232) * 10).toString(16).padStart(2, "0");
    return `#${grey}${grey}${grey}`;
  }
  const level = (n: number) => [0, 95, 135, 175, 215, 255][n] ?? 0;
  const i = value - 16;
  return `rgb(${level(Math.floor(i / 36))},${level(Math.floor(i / 6) % 6)},${level(i % 6)})`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
