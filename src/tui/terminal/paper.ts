/** What the terminal's text stands on, once that is known. A process has one terminal, and so one. */
import { useSyncExternalStore } from "react";
import type { Line } from "../text/lines.ts";
import { type Background, backgroundOf, colorsOf, paint } from "../text/theme.ts";

class Paper {
  #background: Background | null = backgroundOf(process.env);
  readonly #listeners = new Set<() => void>();

  get background(): Background | null {
    return this.#background;
  }

  /** Stable, for React's useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Null is no answer. */
  is(background: Background | null): void {
    if (background === null || background === this.#background) return;
    this.#background = background;
    for (const listener of this.#listeners) listener();
  }
}

export const paper = new Paper();

/** Paints lines as they are read best on this terminal. */
export function usePaint(): (line: Line) => string {
  const background = useSyncExternalStore(paper.subscribe, () => paper.background);
  const colors = colorsOf(process.env);
  return (line) => paint(line, colors, background);
}
