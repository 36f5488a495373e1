/**
 * The sessions of one terminal: the one that is shown, with its store and its link, the one that
 * the chooser previews, and those that were left with words still on their way. Invariants: what
 * is typed goes to the session that was asked for last, since the change happens at once and only
 * its first picture waits for the records; and a session that was left keeps its draft.
 */
import type { HacsError } from "../../protocol/errors.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { asHacsError, Link, type LinkOptions } from "../link.ts";
import { type Effect, initialModel, type Model, noticed, type Step } from "../model.ts";
import { Store } from "../store.ts";
import { type Around, refuge, sessionNamed } from "./around.ts";
import { carryOut } from "./carry-out.ts";
import { isUnseen, type News } from "./news.ts";
import type { Order } from "./order.ts";
import { chooser } from "./overlay.ts";
import { Preview } from "./preview.ts";
import { Roster } from "./roster.ts";

/** History usually arrives well within this; what is there is shown when it does not. */
export const firstFrameMs = 250;
/** How long leaving waits for words that are on their way. */
const sentMs = 1_000;

export interface StageOptions {
  dial: LinkOptions["dial"];
  name: string;
  readOnly: boolean;
  size: Model["size"];
  around: Around;
  /** For an agent that a message wakes. */
  env?: Record<string, string>;
  /** For sessions that are made here. */
  environment: Record<string, string>;
  /** What concerns the terminal, and not a session. */
  perform: (effect: Effect) => void;
  /** The shown session can't be followed any more. */
  onEnded: (error: HacsError) => void;
  ring: (news: News) => void;
}

interface Show {
  store: Store;
  link: Link;
  over: () => void;
}

export class Stage {
  readonly #options: StageOptions;
  readonly #listeners = new Set<() => void>();
  /** Left with an outbox that is not empty, by session id. */
  readonly #leaving = new Map<string, Show>();
  readonly #drafts = new Map<string, Pick<Model, "composer" | "draft">>();
  readonly #roster: Roster;
  #shown: Show;
  /** The picture of the session before, while the one that is shown has none yet. */
  #held: Model | null = null;
  #preview: Preview | undefined;
  #onSent: () => void = () => {};

  constructor(options: StageOptions) {
    this.#options = options;
    const { name, around, size, dial } = options;
    this.#roster = new Roster({
      dial,
      onList: (sessions) => this.#listed(sessions),
      onNews: (session, news) => {
        const { transcript, around: now } = this.model;
        const shown = transcript.session?.id ?? null;
        if (isUnseen(session, shown, now.focused)) options.ring(news);
      },
      isShown: (session) => session === this.model.transcript.session?.id,
    });
    this.#shown = this.#open(name, { around, size });
  }

  get model(): Model {
    return this.#shown.store.model;
  }

  get picture(): Model {
    return this.#held ?? this.model;
  }

  /** Stable, for React's useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  act(step: (model: Model) => Step | Model): void {
    this.#shown.store.act(step);
  }

  /** Resolves when the first session's records are there or take too long; throws why not. */
  async start(): Promise<void> {
    const { link } = this.#shown;
    await link.start();
    this.#follow(this.#shown);
    await Promise.race([link.live, delay(firstFrameMs)]);
    // The first picture does not wait for the others.
    this.#roster.start();
  }

  stop(): void {
    this.#roster.stop();
    this.#listeners.clear();
    this.#preview?.close();
    for (const show of [this.#shown, ...this.#leaving.values()]) close(show);
  }

  /** Hands what is being written to the daemon, before the end. */
  async leave(): Promise<void> {
    await this.#shown.link.leave();
  }

  /** With what the list says of the session, it has its number and state from the start. */
  #open(
    name: string,
    { around, size }: Pick<Model, "around" | "size">,
    session: SessionInfo | null = null,
  ): Show {
    const { dial, readOnly, env } = this.#options;
    const empty = initialModel({
      name: session?.name ?? name,
      readOnly,
      size,
      now: Date.now(),
    });
    const model = { ...empty, around, transcript: { ...empty.transcript, session } };
    const store: Store = new Store(model, (effect) => this.#perform(show, effect));
    const link = new Link({ dial, name, readOnly, store, ...(env ? { env } : {}) });
    const show: Show = { store, link, over: store.subscribe(() => this.#drawn(show)) };
    return show;
  }

  /** An end is told to the one it concerns: the shown session's is the screen's. */
  #follow(show: Show): void {
    void show.link.ended.then((error) => {
      if (error !== undefined && show === this.#shown) this.#options.onEnded(error);
    });
  }

  #perform(show: Show, effect: Effect): void {
    if (effect.do === "end" && show !== this.#shown) return;
    if (effect.do === "show") return this.#show(effect.session);
    if (effect.do === "order") return void this.#order(effect.order);
    this.#options.perform(effect);
    void show.link.perform(effect);
  }

  #drawn(show: Show): void {
    if (show !== this.#shown) return this.#settleLeaving();
    const { session } = show.store.model.transcript;
    if (session !== null) this.#roster.heard(session);
    this.#followPreview();
    if (this.#held !== null) return;
    for (const listener of this.#listeners) listener();
  }

  /** `retreats`: where it fails, the session before is shown again. */
  #show(id: string, then: (model: Model) => Model = (model) => model, retreats = true): void {
    const left = this.#shown;
    const from = left.store.model;
    const session = sessionNamed(from.around, id);
    const leftId = from.transcript.session?.id ?? null;
    if (session === undefined || id === leftId) return;
    if (from.link === "reconnecting" && retreats) {
      return this.act((model) => noticed(model, "the daemon is away", "warning"));
    }
    const around = { ...from.around, last: leftId };
    const known = this.#leaving.get(id);
    const next = known ?? this.#open(session.id, { around, size: from.size }, session);
    const draft = known === undefined ? this.#drafts.get(id) : undefined;
    this.#shown = next;
    this.#held = known === undefined ? (this.#held ?? from) : null;
    this.#leaving.delete(id);
    if (leftId !== null) this.#leaving.set(leftId, left);
    else close(left);
    this.#settleLeaving();
    next.store.act((model) => {
      const own = draft === undefined ? model : { ...model, ...draft };
      return then({ ...own, around, size: from.size });
    });
    if (known === undefined) void this.#enter(next, retreats ? leftId : null);
  }

  /** The picture of the session before stays until there is one of this. */
  async #enter(next: Show, back: string | null): Promise<void> {
    try {
      await next.link.start();
      this.#follow(next);
      await Promise.race([next.link.live, delay(firstFrameMs)]);
    } catch (error) {
      if (this.#shown !== next) return;
      const failure = asHacsError(error);
      if (back === null) return this.#options.onEnded(failure);
      return this.#show(back, (model) => noticed(model, failure.message, "warning"), false);
    }
    if (this.#shown !== next) return;
    this.#held = null;
    next.store.act((model) => model);
  }

  #settleLeaving(): void {
    for (const [id, show] of this.#leaving) {
      if (show.store.model.outbox.length > 0) continue;
      const { composer, draft } = show.store.model;
      this.#drafts.set(id, { composer, draft });
      this.#leaving.delete(id);
      close(show);
    }
    if (this.#leaving.size === 0) this.#onSent();
  }

  /** Resolves when what was written in sessions that were left is sent, or takes too long. */
  sent(): Promise<void> {
    const all = new Promise<void>((resolve) => {
      this.#onSent = resolve;
    });
    this.#settleLeaving();
    return Promise.race([all, delay(sentMs)]);
  }

  async #order(order: Order): Promise<void> {
    const { around, transcript } = this.model;
    try {
      if (order.verb === "kill" && order.session === transcript.session?.id) {
        // Whoever ends the session on the screen goes on in another, if there is one.
        const next = refuge(around, order.session);
        if (next !== undefined) this.#show(next.id, keepChooser(this.model));
      }
      const control = await this.#roster.connected();
      const { said, shows } = await carryOut(control, order, this.#options.environment);
      await this.#roster.refresh();
      if (shows !== undefined) this.#show(shows);
      this.act((model) => noticed(model, said));
    } catch (error) {
      this.act((model) => noticed(model, asHacsError(error).message, "warning"));
    }
  }

  #listed(sessions: readonly SessionInfo[]): void {
    const ids = new Set(sessions.map(({ id }) => id));
    for (const id of this.#drafts.keys()) {
      if (!ids.has(id)) this.#drafts.delete(id);
    }
    this.#shown.store.feed((model) => ({ ...model, around: { ...model.around, sessions } }));
  }

  /** The shown session needs none: it is here. */
  #followPreview(): void {
    const { dialog, transcript, size } = this.model;
    const wanted = dialog?.kind === "chooser" ? dialog.selected : null;
    const session = wanted === transcript.session?.id ? null : wanted;
    if (session !== (this.#preview?.session ?? null)) {
      this.#preview?.close();
      const { dial } = this.#options;
      this.#preview =
        session === null
          ? undefined
          : new Preview(session, { dial, size, onDrawn: () => this.#previewed() });
    } else if (dialog?.kind === "chooser" && dialog.preview === null) this.#previewed();
  }

  #previewed(): void {
    const preview = this.#preview?.model ?? null;
    if (preview === null) return;
    this.#shown.store.feed((model) =>
      model.dialog?.kind === "chooser" && model.dialog.preview !== preview
        ? { ...model, dialog: { ...model.dialog, preview } }
        : model,
    );
  }
}

function keepChooser({ dialog }: Model): (model: Model) => Model {
  return (model) => (dialog?.kind === "chooser" ? { ...model, dialog: chooser(model) } : model);
}

function close({ store, link, over }: Show): void {
  over();
  void link.leave().finally(() => {
    link.stop();
    store.close();
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
