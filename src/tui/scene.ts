/** What the drawing sees, and what the terminal's events go to. */
import type { Model, Step } from "./model.ts";
import type { Picture } from "./panes/compose.ts";
import type { PaneId, Size } from "./panes/tree.ts";

export interface Scene {
  /** Of the session that has the keys. */
  readonly model: Model;
  readonly picture: Picture;
  /** Stable, for React's useSyncExternalStore. */
  readonly subscribe: (listener: () => void) => () => void;
  /** A step of what has the keys, or of a pane's session. */
  act(step: (model: Model) => Step | Model, pane?: PaneId): void;
  focus(pane: PaneId): void;
  resize(size: Size): void;
  /** A second went by. */
  tick(): void;
}
