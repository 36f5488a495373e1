/**
 * Holds the model and tells the drawing when there is a new one. Keys are drawn at once; what
 * the daemon sends is folded as it comes and drawn a frame at a time, so thousands of deltas a
 * second cost the folding and thirty frames.
 */
import type { Effect, Model, Step } from "./model.ts";

/** A frame at thirty a second. */
export const frameMs = 33;

export class Store {
  #model: Model;
  readonly #listeners = new Set<() => void>();
  readonly #perform: (effect: Effect) => void;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;

  constructor(model: Model, perform: (effect: Effect) => void) {
    this.#model = model;
    this.#perform = perform;
  }

  get model(): Model {
    return this.#model;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A step that a person waits for: it is drawn at once. */
  act(step: (model: Model) => Step | Model): void {
    this.#take(step);
    this.#draw();
  }

  /** A step that came from the daemon: it is drawn with the next frame. */
  feed(step: (model: Model) => Step | Model): void {
    this.#take(step);
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#drawnAt + frameMs - Date.now());
    this.#timer = setTimeout(() => this.#draw(), waitMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #take(step: (model: Model) => Step | Model): void {
    const result = step({ ...this.#model, now: Date.now() });
    if (!("effects" in result)) {
      this.#model = result;
      return;
    }
    this.#model = result.model;
    for (const effect of result.effects) this.#perform(effect);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawnAt = Date.now();
    for (const listener of this.#listeners) listener();
  }
}
