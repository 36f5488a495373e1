/**
 * Which session is in which pane: shows another one, splits, closes a pane, and what becomes of a
 * pane whose session ends. Invariants: a session is in one pane at most, and the change happens at
 * once, while its first picture waits for the records.
 */
import type { HacsError } from "../../protocol/errors.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import { asHacsError } from "../link.ts";
import type { Model } from "../model.ts";
import type { PaneOrder } from "../panes/order.ts";
import type { Pane, PaneSet } from "../panes/pane-set.ts";
import { seenAnew } from "../panes/place.ts";
import type { PaneId } from "../panes/tree.ts";
import { refuge, sessionNamed, sessionToAdd } from "./around.ts";
import type { Leaving } from "./leaving.ts";
import { chooser } from "./overlay.ts";
import type { Show } from "./show.ts";

export interface SwitcherOptions {
  panes: PaneSet;
  leaving: Leaving;
  open: (session: SessionInfo) => Show;
  /** Does what changes several models, to be drawn as one. */
  change: (change: () => void) => void;
  /** The session of the last pane is over: it ended, or can't be followed any more. */
  onOver: (error: HacsError | null) => void;
}

export class Switcher {
  readonly #panes: PaneSet;
  readonly #leaving: Leaving;
  readonly #open: SwitcherOptions["open"];
  readonly #change: SwitcherOptions["change"];
  readonly #onOver: SwitcherOptions["onOver"];

  constructor({ panes, leaving, open, change, onOver }: SwitcherOptions) {
    this.#panes = panes;
    this.#leaving = leaving;
    this.#open = open;
    this.#change = change;
    this.#onOver = onOver;
  }

  /** `retreats`: where it fails, the session before is shown again. */
  show(pane: Pane, id: string, retreats = true): void {
    const panes = this.#panes;
    const session = sessionNamed(panes.around, id);
    const left = pane.show;
    if (session === undefined || session.id === left.session) return;
    const other = panes.showing(session.id);
    if (other === undefined && retreats && this.#isAway()) return;
    panes.surround({ ...panes.around, last: left.session });
    if (other !== undefined) return panes.focus(other.id);
    const next = this.#bring(session);
    panes.swap(pane.id, next, next.ready ? null : (pane.held ?? left.model));
    if (retreats) this.#leaving.take(left);
    else this.#leaving.drop(left);
    void this.#enter(pane.id, next, retreats ? left.session : null);
  }

  arrange(pane: Pane, order: PaneOrder): void {
    const panes = this.#panes;
    const alone = panes.all.length === 1;
    switch (order.verb) {
      case "split":
        return this.#split(pane, order);
      case "focus":
        if (!panes.move(order.to) && alone) panes.say("there is no other pane");
        return;
      case "zoom":
        if (alone) return panes.say("there is no other pane");
        if (!panes.zoomed && panes.visible.length === 1) {
          return panes.say("there is no room for the other panes");
        }
        return panes.zoom();
      case "close":
        if (alone) return panes.say(`this is the only pane; ${this.#prefix()} d detaches`);
        panes.close(pane.id);
        panes.surround({ ...panes.around, last: pane.show.session });
        return this.#leaving.take(pane.show);
    }
  }

  /** A session's end is that of its pane; that of the last one is told. */
  end(show: Show, error: HacsError | null): void {
    const panes = this.#panes;
    const pane = panes.holding(show);
    if (pane === undefined) return;
    if (panes.all.length === 1) return this.#onOver(error);
    const keeps = pane.id === panes.focused.id ? keepChooser(show.model) : null;
    panes.close(pane.id);
    this.#leaving.drop(show);
    if (error === null || error.code === "session-ended") this.#forget(show.session);
    if (keeps !== null) panes.focused.show.store.act(keeps);
    panes.say(error?.message ?? `${show.model.name} has ended`, "warning");
  }

  /** Whoever ends the session in the only pane goes on in another, if there is one. */
  seekRefuge(show: Show): void {
    const pane = this.#panes.holding(show);
    const next = refuge(this.#panes.around, show.session ?? undefined);
    if (pane === undefined || next === undefined || this.#panes.all.length > 1) return;
    const keeps = keepChooser(show.model);
    this.show(pane, next.id);
    if (keeps !== null) this.#panes.focused.show.store.act(keeps);
  }

  #split(pane: Pane, { split, name }: Extract<PaneOrder, { verb: "split" }>): void {
    const panes = this.#panes;
    const shown = panes.all.map(({ show }) => show.session);
    const session =
      name === null
        ? sessionToAdd(panes.around, pane.show.session, shown)
        : sessionNamed(panes.around, name);
    if (session === undefined) {
      const makes = `no other session; ${this.#prefix()} c makes one`;
      return panes.say(name === null ? makes : `no session ${name}`, "warning");
    }
    if (session.id === pane.show.session) return panes.say(`this is ${session.name}`);
    const other = panes.showing(session.id);
    if (other !== undefined) return panes.focus(other.id);
    if (this.#isAway()) return;
    const added = panes.split(split, () => this.#bring(session));
    if (added === null) {
      const below = split === "side" ? " beside this one; /split puts it below" : "";
      return panes.say(`no room for another pane${below}`, "warning");
    }
    void this.#enter(added.id, added.show, null);
  }

  /** As it was left, if it was here before. */
  #bring(session: SessionInfo): Show {
    const { show, written } = this.#leaving.giveBack(session.id);
    const next = show ?? this.#open(session);
    const { around } = this.#panes;
    next.store.act((model) => ({ ...seenAnew(model), ...written, around }));
    return next;
  }

  /** The picture of the session before stays until there is one of this. */
  async #enter(id: PaneId, show: Show, back: string | null): Promise<void> {
    const failure = await show.start().then(() => null, asHacsError);
    const pane = this.#panes.holding(show);
    if (pane === undefined) return;
    this.#change(() => {
      if (failure === null) return this.#panes.release(id);
      if (back === null || this.#panes.showing(back)) return this.end(show, failure);
      this.show(pane, back, false);
      this.#panes.say(failure.message, "warning");
    });
  }

  /** The list comes once a second; nobody splits to a session that is no more. */
  #forget(session: string | null): void {
    const { around } = this.#panes;
    const sessions = around.sessions.filter(({ id }) => id !== session);
    this.#panes.surround({ ...around, sessions });
  }

  #isAway(): boolean {
    const { link } = this.#panes.focused.show.model;
    if (link !== "reconnecting" && link !== "stopped") return false;
    this.#panes.say("the daemon is away", "warning");
    return true;
  }

  #prefix(): string {
    return keyName(this.#panes.around.prefix);
  }
}

/** Whoever killed a session in the chooser goes on choosing. */
function keepChooser({ dialog }: Model): ((model: Model) => Model) | null {
  return dialog?.kind === "chooser" ? (model) => ({ ...model, dialog: chooser(model) }) : null;
}
