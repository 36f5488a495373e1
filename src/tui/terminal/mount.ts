/** Takes the whole terminal for a picture of ours, and gives it back as it was. */
import { type Instance, render } from "ink";
import type { ReactElement } from "react";
import { askBackground, backgroundFrom, colorsOf } from "../text/theme.ts";
import { paper } from "./paper.ts";
import { type Pointing, withoutReports } from "./reports.ts";

export function mount(picture: ReactElement, onPointing: (pointing: Pointing) => void): Instance {
  // Ink does this too, but after the first frame: a key that answers what is seen at once would
  // still go through the line discipline, which echoes it and makes Enter a newline.
  process.stdin.setRawMode(true);
  // The console of Linux knows no such question, and shows what it does not know.
  if (colorsOf(process.env) > 0 && process.env.TERM !== "linux") {
    process.stdout.write(askBackground);
  }
  return render(picture, {
    stdin: withoutReports(process.stdin, onPointing, (answer) => paper.is(backgroundFrom(answer))),
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    // Ink takes CI=1 for a pipe; who comes here has made sure of a terminal.
    interactive: true,
    patchConsole: false,
    // The store says when a frame is due. Ink's own pace would hold back what is typed.
    maxFps: 1_000,
  });
}

export async function unmount(screen: Instance | undefined): Promise<void> {
  if (screen === undefined) return;
  screen.unmount();
  await screen.waitUntilExit().catch(() => {});
  process.stdin.setRawMode(false);
}
