/**
 * The panes of one terminal, each with the session it shows. Every change here leaves each model
 * with the size and the state of its pane, so that what a pane draws fits its place, and with the
 * same around it.
 */
import { type Model, type Notice, noticed, type PaneState } from "../model.ts";
import type { Around } from "../sessions/around.ts";
import type { Show } from "../sessions/show.ts";
import type { DrawnPane, Picture } from "./compose.ts";
import { placed, wantsScreen } from "./place.ts";
import {
  type Arrangement,
  arrange,
  closePane,
  type Direction,
  focusPane,
  nextPane,
  onePane,
  type PaneId,
  type Panes,
  paneToward,
  type Size,
  type Split,
  splitPane,
  zoomPane,
} from "./tree.ts";

export interface Pane {
  readonly id: PaneId;
  readonly show: Show;
  /** The picture of the session before, while the one that is shown has none yet. */
  readonly held: Model | null;
}

export class PaneSet {
  readonly #panes = new Map<PaneId, Pane>();
  #layout: Panes = onePane(0);
  #size: Size;
  #around: Around;
  #arrangement: Arrangement;
  #picture: Picture | undefined;
  #lastId: PaneId = 0;

  constructor(show: Show, size: Size) {
    this.#panes.set(0, { id: 0, show, held: null });
    this.#size = size;
    this.#around = show.model.around;
    this.#arrangement = arrange(this.#layout, size);
  }

  get focused(): Pane {
    return this.#panes.get(this.#layout.recent[0])!;
  }

  get all(): readonly Pane[] {
    return [...this.#panes.values()];
  }

  get visible(): readonly Pane[] {
    return this.all.filter(({ id }) => this.#arrangement.panes.has(id));
  }

  get zoomed(): boolean {
    return this.#layout.zoomed;
  }

  get around(): Around {
    return this.#around;
  }

  surround(around: Around): void {
    if (around === this.#around) return;
    this.#around = around;
    for (const { show } of this.all) {
      if (show.model.around !== around) show.store.feed((model) => ({ ...model, around }));
    }
  }

  /** To the person, in the pane that has the keys. */
  say(text: string, tone: Notice["tone"] = "info"): void {
    this.focused.show.store.act((model) => noticed(model, text, tone));
  }

  at(id: PaneId): Pane | undefined {
    return this.#panes.get(id);
  }

  showing(session: string): Pane | undefined {
    return this.all.find(({ show }) => show.session === session);
  }

  holding(show: Show): Pane | undefined {
    return this.all.find((pane) => pane.show === show);
  }

  /** The new pane has the keys; null where there is no room for it, and nothing is opened. */
  split(split: Split, open: () => Show): Pane | null {
    const id = this.#lastId + 1;
    const layout = splitPane(this.#layout, split, id, this.#size);
    if (layout === null) return null;
    this.#lastId = id;
    const pane = { id, show: open(), held: null };
    this.#panes.set(id, pane);
    this.#lay(layout);
    return pane;
  }

  /** Puts another session into a pane, which shows `held` until it is let go. */
  swap(id: PaneId, show: Show, held: Model | null): void {
    this.#panes.set(id, { id, show, held });
    this.#lay(this.#layout);
  }

  release(id: PaneId): void {
    const pane = this.#panes.get(id);
    if (pane !== undefined) this.#panes.set(id, { ...pane, held: null });
  }

  /** The last one stays. */
  close(id: PaneId): void {
    const layout = closePane(this.#layout, id);
    if (layout === null) return;
    this.#panes.delete(id);
    this.#lay(layout);
  }

  focus(id: PaneId): void {
    this.#lay(focusPane(this.#layout, id));
  }

  /** As tmux does it, a zoomed pane gives the screen back; false where there is no such pane. */
  move(to: "next" | "last" | Direction): boolean {
    const layout = this.#layout;
    const id =
      to === "next" ? nextPane(layout) : to === "last" ? layout.recent[1] : paneToward(layout, to);
    if (id === undefined) return false;
    this.#lay(focusPane({ ...layout, zoomed: false }, id));
    return true;
  }

  zoom(): void {
    this.#lay(zoomPane(this.#layout));
  }

  resize(size: Size): void {
    this.#size = size;
    this.#lay(this.#layout);
  }

  /** After a step of the focused session's: what it opened may want the whole screen, or no more. */
  refit(): void {
    if (this.#arranged().panes.size !== this.#arrangement.panes.size) this.#lay(this.#layout);
  }

  /** The same one until something in it changed. */
  get picture(): Picture {
    const { panes: rects, rules } = this.#arrangement;
    const drawn = this.#layout.recent.flatMap((id): DrawnPane[] => {
      const pane = this.#panes.get(id);
      const rect = rects.get(id);
      return pane && rect ? [{ id, rect, model: pane.held ?? pane.show.model }] : [];
    });
    const before = this.#picture;
    const same =
      before?.rules === rules &&
      drawn.length === before.panes.length &&
      drawn.every(({ id, model }, at) => {
        const other = before.panes[at];
        return id === other?.id && model === other.model;
      });
    if (before === undefined || !same) {
      this.#picture = { size: this.#size, panes: drawn as unknown as Picture["panes"], rules };
    }
    return this.#picture!;
  }

  #arranged(): Arrangement {
    const arrangement = arrange(this.#layout, this.#size);
    const { id, show } = this.focused;
    const rect = arrangement.panes.get(id);
    const grows = arrangement.panes.size > 1 && rect && wantsScreen(show.model, rect);
    return grows ? arrange({ ...this.#layout, zoomed: true }, this.#size) : arrangement;
  }

  #lay(layout: Panes): void {
    this.#layout = layout;
    this.#arrangement = this.#arranged();
    const rects = this.#arrangement.panes;
    for (const { id } of this.all) {
      const rect = rects.get(id);
      const state: PaneState = {
        focused: id === layout.recent[0],
        visible: rect !== undefined,
        hidden: this.#panes.size - rects.size,
      };
      const inPlace = (model: Model) => placed(model, rect ?? model.size, state);
      const { show, held } = this.#panes.get(id)!;
      if (held !== null) this.#panes.set(id, { id, show, held: inPlace(held) });
      if (inPlace(show.model) !== show.model) show.store.act(inPlace);
    }
  }
}
