/**
 * The sessions of one terminal: those in its panes, one of which has the keys, and those that were
 * left with words still on their way. Invariants: a session is in one pane at most; what is typed
 * goes to the session that was asked for last, since the change happens at once and only its first
 * picture waits for the records; a session that was left keeps its draft; and what is around the
 * sessions is the same in all panes.
 */
import type { HacsError } from "../../protocol/errors.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { keyName } from "../keymap.ts";
import { asHacsError, type LinkOptions } from "../link.ts";
import {
  type Effect,
  initialModel,
  type Model,
  type Notice,
  noticed,
  type Step,
} from "../model.ts";
import type { Picture } from "../panes/compose.ts";
import type { PaneOrder } from "../panes/order.ts";
import { type Pane, PaneSet } from "../panes/pane-set.ts";
import { seenAnew } from "../panes/place.ts";
import type { PaneId, Size } from "../panes/tree.ts";
import { ticked, ticks } from "../receive.ts";
import type { Scene } from "../scene.ts";
import { type Around, refuge, sessionNamed, sessionToAdd } from "./around.ts";
import { carryOut } from "./carry-out.ts";
import { Leaving } from "./leaving.ts";
import { isUnseen, type News } from "./news.ts";
import type { Order } from "./order.ts";
import { chooser } from "./overlay.ts";
import { Previewer } from "./preview.ts";
import { Roster } from "./roster.ts";
import { Show } from "./show.ts";

export interface StageOptions {
  dial: LinkOptions["dial"];
  name: string;
  readOnly: boolean;
  size: Size;
  around: Around;
  /** For an agent that a message wakes. */
  env?: Record<string, string>;
  /** For sessions that are made here. */
  environment: Record<string, string>;
  /** What concerns the terminal, and not a session. */
  perform: (effect: Effect) => void;
  /** The session of the last pane can't be followed any more. */
  onEnded: (error: HacsError) => void;
  ring: (news: News) => void;
}

export class Stage implements Scene {
  readonly #options: StageOptions;
  readonly #listeners = new Set<() => void>();
  readonly #leaving = new Leaving();
  readonly #previewer: Previewer;
  readonly #roster: Roster;
  readonly #panes: PaneSet;
  #around: Around;
  /** Above 0 while several models change as one; it is drawn when all have. */
  #changing = 0;
  /** Messages, by id, that a detach was warned to drop: the next one is meant. */
  #warned: ReadonlySet<string> = new Set();

  constructor(options: StageOptions) {
    this.#options = options;
    const { name, around, size, dial } = options;
    this.#around = around;
    this.#previewer = new Previewer(dial);
    this.#roster = new Roster({
      dial,
      onList: (sessions) => this.#listed(sessions),
      onNews: (session, news) => {
        const seen = this.#panes.visible.map(({ show }) => show.session);
        if (isUnseen(session, seen, this.#around.focused)) options.ring(news);
      },
      isShown: (session) => this.#panes.showing(session) !== undefined,
    });
    this.#panes = new PaneSet(this.#open(name), size);
  }

  get model(): Model {
    return this.#panes.focused.show.model;
  }

  get picture(): Picture {
    return this.#panes.picture;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  act(step: (model: Model) => Step | Model, id?: PaneId): void {
    const pane = (id === undefined ? undefined : this.#panes.at(id)) ?? this.#panes.focused;
    this.#change(() => {
      pane.show.store.act(step);
      const { around } = pane.show.model;
      // A session that the step left behind has no say in what is around the others.
      const stays = this.#panes.holding(pane.show) !== undefined;
      if (stays && around !== this.#around) this.#surround(around);
    });
  }

  focus(pane: PaneId): void {
    this.#change(() => this.#panes.focus(pane));
  }

  resize(size: Size): void {
    this.#change(() => this.#panes.resize(size));
  }

  tick(): void {
    this.#change(() => {
      for (const { show } of this.#panes.visible) {
        if (ticks(show.model)) show.store.act(ticked);
      }
    });
  }

  /** Resolves when the first session's records are there or take too long; throws why not. */
  async start(): Promise<void> {
    await this.#panes.focused.show.start();
    // The first picture does not wait for the others.
    this.#roster.start();
  }

  stop(): void {
    this.#roster.stop();
    this.#listeners.clear();
    this.#previewer.close();
    this.#leaving.close();
    for (const { show } of this.#panes.all) show.close();
  }

  /** Hands what is being written to the daemon, before the end. */
  async leave(): Promise<void> {
    await Promise.all(this.#panes.all.map(({ show }) => show.leave()));
  }

  /** Resolves when what was written in sessions that were left is sent, or takes too long. */
  sent(): Promise<void> {
    return this.#leaving.sent();
  }

  /** With what the list says of the session, it has its number and state from the start. */
  #open(name: string, session: SessionInfo | null = null): Show {
    const { dial, readOnly, env, size } = this.#options;
    const named = session?.name ?? name;
    const empty = initialModel({ name: named, readOnly, size, now: Date.now() });
    return new Show({
      dial,
      readOnly,
      ...(env ? { env } : {}),
      session: session?.id ?? name,
      model: { ...empty, around: this.#around, transcript: { ...empty.transcript, session } },
      perform: (show, effect) => this.#change(() => this.#perform(show, effect)),
      onDrawn: (show) => this.#drawn(show),
      onEnded: (show, error) => this.#change(() => this.#ended(show, error)),
    });
  }

  #perform(show: Show, effect: Effect): void {
    const pane = this.#panes.holding(show);
    switch (effect.do) {
      case "end":
        return this.#ended(show, null);
      case "show":
        return pane && this.#show(pane, effect.session);
      case "pane":
        return pane && this.#arrange(pane, effect.order);
      case "order":
        return void this.#order(show, effect.order);
      case "detach":
        return this.#detach();
      default:
        this.#options.perform(effect);
        show.perform(effect);
    }
  }

  #drawn(show: Show): void {
    const pane = this.#panes.holding(show);
    if (pane === undefined) return this.#leaving.settle();
    const { session } = show.model.transcript;
    if (session !== null) this.#roster.heard(session);
    if (pane.id === this.#panes.focused.id) this.#previewer.follow(show.store);
    this.#tell();
  }

  #tell(): void {
    if (this.#changing > 0) return;
    for (const listener of this.#listeners) listener();
  }

  #change(change: () => void): void {
    this.#changing++;
    try {
      change();
    } finally {
      this.#changing--;
    }
    this.#tell();
  }

  #surround(around: Around): void {
    this.#around = around;
    for (const { show } of this.#panes.all) {
      if (show.model.around !== around) show.store.feed((model) => ({ ...model, around }));
    }
  }

  #say(text: string, tone: Notice["tone"] = "info"): void {
    this.act((model) => noticed(model, text, tone));
  }

  /** `retreats`: where it fails, the session before is shown again. */
  #show(pane: Pane, id: string, retreats = true): void {
    const session = sessionNamed(this.#around, id);
    const left = pane.show;
    if (session === undefined || session.id === left.session) return;
    const other = this.#panes.showing(session.id);
    if (other === undefined && retreats && this.#isAway()) return;
    this.#surround({ ...this.#around, last: left.session });
    if (other !== undefined) return this.#panes.focus(other.id);
    const next = this.#bring(session);
    this.#panes.swap(pane.id, next, next.ready ? null : (pane.held ?? left.model));
    this.#leaving.take(left);
    void this.#enter(pane.id, next, retreats ? left.session : null);
  }

  /** As it was left, if it was here before. */
  #bring(session: SessionInfo): Show {
    const { show, written } = this.#leaving.giveBack(session.id);
    const next = show ?? this.#open(session.name, session);
    next.store.act((model) => ({ ...seenAnew(model), ...written, around: this.#around }));
    return next;
  }

  /** The picture of the session before stays until there is one of this. */
  async #enter(id: PaneId, show: Show, back: string | null): Promise<void> {
    const failure = await show.start().then(() => null, asHacsError);
    if (this.#panes.holding(show) === undefined) return;
    this.#change(() => {
      if (failure === null) return this.#panes.release(id);
      if (back === null || this.#panes.showing(back)) return this.#ended(show, failure);
      this.#show(this.#panes.at(id)!, back, false);
      this.#say(failure.message, "warning");
    });
  }

  #isAway(): boolean {
    if (this.model.link !== "reconnecting") return false;
    this.#say("the daemon is away", "warning");
    return true;
  }

  #arrange(pane: Pane, order: PaneOrder): void {
    const alone = this.#panes.all.length === 1;
    const prefix = keyName(this.#around.prefix);
    switch (order.verb) {
      case "split":
        return this.#split(pane, order);
      case "focus":
        if (!this.#panes.move(order.to) && alone) this.#say("there is no other pane");
        return;
      case "zoom":
        if (alone) return this.#say("there is no other pane");
        if (!this.#panes.zoomed && this.#panes.visible.length === 1) {
          return this.#say("there is no room for the other panes");
        }
        return this.#panes.zoom();
      case "close":
        if (alone) return this.#say(`this is the only pane; ${prefix} d detaches`);
        this.#leave(pane);
        return;
    }
  }

  #split(pane: Pane, { split, name }: Extract<PaneOrder, { verb: "split" }>): void {
    const shown = this.#panes.all.map(({ show }) => show.session);
    const session =
      name === null
        ? sessionToAdd(this.#around, pane.show.session, shown)
        : sessionNamed(this.#around, name);
    if (session === undefined) {
      const makes = `no other session; ${keyName(this.#around.prefix)} c makes one`;
      return this.#say(name === null ? makes : `no session ${name}`, "warning");
    }
    if (session.id === pane.show.session) return this.#say(`this is ${session.name}`);
    const other = this.#panes.showing(session.id);
    if (other !== undefined) return this.#panes.focus(other.id);
    if (this.#isAway()) return;
    const added = this.#panes.split(split, () => this.#bring(session));
    if (added === null) return this.#say("no room for another pane", "warning");
    void this.#enter(added.id, added.show, null);
  }

  /** Closes the pane; its session goes on. */
  #leave({ id, show }: Pane): void {
    this.#panes.close(id);
    this.#surround({ ...this.#around, last: show.session });
    this.#leaving.take(show);
  }

  /** A session's end is that of its pane; that of the last one is told. */
  #ended(show: Show, error: HacsError | null): void {
    const pane = this.#panes.holding(show);
    if (pane === undefined) return;
    if (this.#panes.all.length === 1) {
      if (error !== null) this.#options.onEnded(error);
      else this.#options.perform({ do: "end", reason: "ended" });
      return;
    }
    const keeps = pane.id === this.#panes.focused.id ? keepChooser(show.model) : null;
    this.#panes.close(pane.id);
    show.close();
    if (keeps !== null) this.act(keeps);
    this.#say(error?.message ?? `${show.model.name} has ended`, "warning");
  }

  /** Leaving with words unsaid takes a second time. */
  #detach(): void {
    const unsent = this.#panes.all.flatMap(({ show }) => show.model.outbox.map(({ id }) => id));
    if (unsent.every((id) => this.#warned.has(id))) {
      return this.#options.perform({ do: "detach" });
    }
    this.#warned = new Set(unsent);
    const them = unsent.length === 1 ? "it" : "them";
    this.#say(`${unsent.length} not sent: detach again drops ${them}`, "warning");
  }

  async #order(show: Show, order: Order): Promise<void> {
    const pane = () => this.#panes.holding(show) ?? this.#panes.focused;
    try {
      if (order.verb === "kill" && order.session === show.session) this.#seekRefuge(pane());
      const control = await this.#roster.connected();
      const { said, shows } = await carryOut(control, order, this.#options.environment);
      await this.#roster.refresh();
      this.#change(() => {
        if (shows !== undefined) this.#show(pane(), shows);
        this.#say(said);
      });
    } catch (error) {
      this.#say(asHacsError(error).message, "warning");
    }
  }

  /** Whoever ends the session in the only pane goes on in another, if there is one. */
  #seekRefuge(pane: Pane): void {
    const next = refuge(this.#around, pane.show.session ?? undefined);
    if (next === undefined || this.#panes.all.length > 1) return;
    const keeps = keepChooser(pane.show.model);
    this.#show(pane, next.id);
    if (keeps !== null) this.act(keeps);
  }

  #listed(sessions: readonly SessionInfo[]): void {
    this.#leaving.keepOnly(new Set(sessions.map(({ id }) => id)));
    this.#surround({ ...this.#around, sessions });
  }
}

/** Whoever killed a session in the chooser goes on choosing. */
function keepChooser({ dialog }: Model): ((model: Model) => Model) | null {
  return dialog?.kind === "chooser" ? (model) => ({ ...model, dialog: chooser(model) }) : null;
}
