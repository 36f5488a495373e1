/**
 * What the mouse does to what is on the screen. The wheel turns what is under the pointer; a click
 * gives a pane the keys, and in the pane that has them is for what is clicked.
 */
import { click } from "../click.ts";
import { holds } from "../panes/tree.ts";
import { press } from "../press.ts";
import type { Scene } from "../scene.ts";
import type { Pointing } from "./reports.ts";

export function point(scene: Scene, { does, x, y }: Pointing, newId: () => string): void {
  // What is clicked while the mouse is the terminal's own was clicked before it was given back.
  if (!scene.model.around.mouse) return;
  const [focused] = scene.picture.panes;
  const pane = scene.picture.panes.find(({ rect }) => holds(rect, x, y));
  if (pane === undefined) return;
  if (does !== "click") scene.act((model) => press(model, { key: does }, newId), pane.id);
  else if (pane.id !== focused.id) scene.focus(pane.id);
  else scene.act((model) => click(model, { x: x - pane.rect.x, y: y - pane.rect.y }));
}
