/**
 * The sessions of one terminal: those in its panes, one of which has the keys, and those that were
 * left with words still on their way. It is the scene of the drawing, and where what a model wants
 * done goes: to the terminal, to the panes, to the daemon. Invariant: what is typed goes to the
 * session that was asked for last.
 */
import type { HacsError } from "../../protocol/errors.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { asHacsError, type LinkOptions } from "../link.ts";
import { type Effect, initialModel, type Model, type Step } from "../model.ts";
import type { Picture } from "../panes/compose.ts";
import { PaneSet } from "../panes/pane-set.ts";
import type { PaneId, Size } from "../panes/tree.ts";
import { ticked, ticks } from "../receive.ts";
import type { Scene } from "../scene.ts";
import { frameMs } from "../store.ts";
import type { Around } from "./around.ts";
import { carryOut } from "./carry-out.ts";
import { Leaving } from "./leaving.ts";
import { isUnseen, type News } from "./news.ts";
import type { Order } from "./order.ts";
import { Previewer } from "./preview.ts";
import { Roster } from "./roster.ts";
import { Show } from "./show.ts";
import { Switcher } from "./switcher.ts";
import { detachWarning, type Unsent, unsentOf } from "./unsent.ts";

export interface StageOptions {
  dial: LinkOptions["dial"];
  name: string;
  readOnly: boolean;
  size: Size;
  around: Around;
  /** For an agent that a message wakes. */
  env?: Record<string, string>;
  /** For sessions that are made here. */
  environment?: Record<string, string>;
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
  readonly #switcher: Switcher;
  /** Above 0 while several models change as one; it is drawn when all have. */
  #changing = 0;
  #frame: NodeJS.Timeout | undefined;
  /** What a detach was warned of, by message: the next one is meant, unless it is sent by then. */
  #warned: ReadonlyMap<string, Unsent> = new Map();

  constructor(options: StageOptions) {
    this.#options = options;
    const { name, around, size, dial } = options;
    this.#previewer = new Previewer(dial);
    this.#roster = new Roster({
      dial,
      onList: (sessions) => this.#listed(sessions),
      onNews: (session, news) => {
        const seen = this.#panes.visible.map(({ show }) => show.session);
        if (isUnseen(session, seen, this.#panes.around.focused)) options.ring(news);
      },
      isShown: (session) => this.#panes.showing(session) !== undefined,
    });
    this.#panes = new PaneSet(this.#open(name, null, around), size);
    this.#switcher = new Switcher({
      panes: this.#panes,
      leaving: this.#leaving,
      open: (session) => this.#open(session.id, session, this.#panes.around),
      change: (change) => this.#change(change),
      onOver: (error) => {
        if (error !== null) options.onEnded(error);
        else options.perform({ do: "end", reason: "ended" });
      },
    });
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
      if (stays) this.#panes.surround(around);
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
    clearTimeout(this.#frame);
    this.#listeners.clear();
    this.#previewer.close();
    this.#leaving.close();
    for (const { show } of this.#panes.all) void show.close();
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
  #open(given: string, session: SessionInfo | null, around: Around): Show {
    const { dial, readOnly, env, size } = this.#options;
    const name = session?.name ?? given;
    const empty = initialModel({ name, readOnly, size, now: Date.now() });
    return new Show({
      dial,
      readOnly,
      ...(env ? { env } : {}),
      session: given,
      model: { ...empty, around, transcript: { ...empty.transcript, session } },
      perform: (show, effect) => this.#change(() => this.#perform(show, effect)),
      onDrawn: (show) => this.#drawn(show),
      onEnded: (show, error) => this.#change(() => this.#switcher.end(show, error)),
    });
  }

  #perform(show: Show, effect: Effect): void {
    const pane = this.#panes.holding(show);
    switch (effect.do) {
      case "end":
        return this.#switcher.end(show, null);
      case "show":
        return pane && this.#switcher.show(pane, effect.session);
      case "pane":
        return pane && this.#switcher.arrange(pane, effect.order);
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
    if (pane.id !== this.#panes.focused.id) return this.#tellLater();
    this.#change(() => {
      this.#previewer.follow(show.store);
      this.#panes.refit();
    });
  }

  /** What comes to other panes is drawn with the next frame: more streams are no more frames. */
  #tellLater(): void {
    this.#frame ??= setTimeout(() => this.#tell(), frameMs);
  }

  #tell(): void {
    clearTimeout(this.#frame);
    this.#frame = undefined;
    for (const listener of this.#listeners) listener();
  }

  /** What changes several models is drawn as one. */
  #change(change: () => void): void {
    this.#changing++;
    try {
      change();
    } finally {
      this.#changing--;
    }
    if (this.#changing === 0) this.#tell();
  }

  /** Leaving with words unsaid takes a second time. */
  #detach(): void {
    const unsent = unsentOf(this.#panes.all.map(({ show }) => show.model));
    if ([...unsent].every(([id, how]) => this.#warned.get(id) === how)) {
      return this.#options.perform({ do: "detach" });
    }
    this.#warned = unsent;
    this.#panes.say(detachWarning(unsent), "warning");
  }

  async #order(show: Show, order: Order): Promise<void> {
    const pane = () => this.#panes.holding(show) ?? this.#panes.focused;
    try {
      if (order.verb === "kill" && order.session === show.session) {
        this.#change(() => this.#switcher.seekRefuge(show));
      }
      const control = await this.#roster.connected();
      const { said, shows } = await carryOut(control, order, this.#options.environment);
      await this.#roster.refresh();
      this.#change(() => {
        // Its end may be told later than the answer, and is no news then.
        const killed = order.verb === "kill" && this.#panes.showing(order.session);
        if (killed) this.#switcher.end(killed.show, null);
        if (shows !== undefined) this.#switcher.show(pane(), shows);
        this.#panes.say(said);
      });
    } catch (error) {
      this.#panes.say(asHacsError(error).message, "warning");
    }
  }

  #listed(sessions: readonly SessionInfo[]): void {
    this.#leaving.keepOnly(new Set(sessions.map(({ id }) => id)));
    this.#panes.surround({ ...this.#panes.around, sessions });
  }
}
