/**
 * Holds the model and tells the drawing when there is a new one. Keys are drawn at once; what
 * the daemon sends is folded as it comes and drawn a frame at a time, so thousands of deltas a
 * second cost the folding and less than thirty frames: one that a key brought stands for one of
 * those.
 */
import type { Effect, Model } from "./model.ts";

/** From frame to frame of what the daemon sends, so that there are less than thirty a second. */
export const frameMs = 36;

/** `M` is what is drawn and `E` what a step wants done: a session's, unless told otherwise. */
export class Store<M extends Pick<Model, "now" | "size"> = Model, E = Effect> {
  #model: M;
  readonly #listeners = new Set<() => void>();
  readonly #perform: (effect: E) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the next frame may be drawn that nobody asked for with a key. */
  #dueAt = 0;

  constructor(model: M, perform: (effect: E) => void) {
    this.#model = model;
    this.#perform = perform;
  }

  get model(): M {
    return this.#model;
  }

  /** Stable, for React's useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A step that a person waits for: it is drawn at once. */
  act(step: (model: M) => StepOf<M, E> | M): void {
    this.#take(step);
    this.#draw();
  }

  resize(size: Model["size"]): void {
    this.act((model) => ({ ...model, size }));
  }

  /** A step that came from the daemon: it is drawn with the next frame. */
  feed(step: (model: M) => StepOf<M, E> | M): void {
    this.#take(step);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#draw(), Math.max(0, this.#dueAt - Date.now()));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #take(step: (model: M) => StepOf<M, E> | M): void {
    const result = step({ ...this.#model, now: Date.now() });
    if (!isStep(result)) {
      this.#model = result;
      return;
    }
    this.#model = result.model;
    for (const effect of result.effects) this.#perform(effect);
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = Date.now();
    // Keys that come faster than frames draw all there is, and put off no more than one.
    this.#dueAt = Math.min(Math.max(this.#dueAt, now) + frameMs, now + 2 * frameMs);
    for (const listener of this.#listeners) listener();
  }
}

interface StepOf<M, E> {
  model: M;
  effects: readonly E[];
}

function isStep<M extends object, E>(result: StepOf<M, E> | M): result is StepOf<M, E> {
  return "effects" in result;
}
