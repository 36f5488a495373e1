/**
 * Puts a stroke into what is on the screen. A run of text may have crossed the line as one; where
 * keys are commands each of its characters is a step of its own, since the first may bring another
 * session to the screen, and the rest is then meant for that one.
 */

import { focusOf, press } from "../press.ts";
import type { Scene } from "../scene.ts";
import { graphemes } from "../text/lines.ts";
import type { Stroke } from "./keystrokes.ts";

const takesText = new Set(["composer", "prompt", "new", "search"]);

export function strike(scene: Scene, stroke: Stroke, newId: () => string): void {
  if ("key" in stroke || takesText.has(focusOf(scene.model))) {
    scene.act((model) => press(model, stroke, newId));
    return;
  }
  const [first = "", ...rest] = graphemes(stroke.text);
  scene.act((model) => press(model, { text: first }, newId));
  if (rest.length > 0) strike(scene, { text: rest.join("") }, newId);
}
