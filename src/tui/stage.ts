/**
 * The sessions of one terminal: the one that is shown, with its store and its link, the one that
 * the chooser previews, and those that were left with words still on their way. Invariants: what
 * is typed goes to the session that was asked for last, since the change happens at once and only
 * its first picture waits for the records; and a session that was left keeps its draft.
 *
 * The list of sessions is asked for once a second. One call costs the same however busy the
 * sessions are and also finds new ones; hidden attachments would bring every record of every
 * session to a client that wants a word of each.
 */
import type { Connection } from "../client/connection.ts";
import type { HacsError } from "../protocol/errors.ts";
import type { SessionInfo } from "../protocol/session.ts";
import { type Around, refuge, sessionNamed } from "./around.ts";
import { carryOut } from "./carry-out.ts";
import type { Composer } from "./composer.ts";
import { asHacsError, Link, type LinkOptions } from "./link.ts";
import { type Effect, initialModel, type Model, noticed, type Step } from "./model.ts";
import { isUnseen, type News, newsOf } from "./news.ts";
import type { Order } from "./order.ts";
import { chooser } from "./overlay.ts";
import { Store } from "./store.ts";

const pollMs = 1_000;
/** History usually arrives well within this; what is there is shown when it does not. */
export const firstFrameMs = 250;
const previewRecords = 40;
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
  readonly #drafts = new Map<string, Composer>();
  readonly #known = new Map<string, SessionInfo>();
  #shown: Show;
  /** The picture of the session before, while the one that is shown has none yet. */
  #held: Model | null = null;
  #preview: { session: string; show: Show } | undefined;
  #control: Promise<Connection> | undefined;
  #list = "";
  #onSent: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    const { name, around, size } = options;
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
    void this.#poll();
    this.#timer = setInterval(() => void this.#poll(), pollMs);
    await Promise.race([link.live, delay(firstFrameMs)]);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
    this.#endPreview();
    for (const show of [this.#shown, ...this.#leaving.values()]) close(show);
    this.#control?.then((connection) => connection.close()).catch(() => {});
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
    if (session !== null) this.#heard(session);
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
      const own = draft === undefined ? model : { ...model, composer: draft };
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
      this.#drafts.set(id, show.store.model.composer);
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
      const control = await this.#connected();
      const { said, shows } = await carryOut(control, order, this.#options.environment);
      await this.#poll();
      if (shows !== undefined) this.#show(shows);
      this.act((model) => noticed(model, said));
    } catch (error) {
      this.act((model) => noticed(model, asHacsError(error).message, "warning"));
    }
  }

  /** A connection beside the shown session's, which goes when another one is shown. */
  #connected(): Promise<Connection> {
    this.#control ??= this.#options.dial().then((connection) => {
      connection.onClose = () => {
        this.#control = undefined;
      };
      return connection;
    });
    this.#control.catch(() => {
      this.#control = undefined;
    });
    return this.#control;
  }

  async #poll(): Promise<void> {
    try {
      const control = await this.#connected();
      const { sessions } = await control.call("session/list", {});
      this.#listed(sessions);
    } catch {
      // The daemon is away, as the screen says; the next time may find it.
    }
  }

  #listed(sessions: readonly SessionInfo[]): void {
    const shown = this.model.transcript.session?.id;
    for (const session of sessions) {
      if (session.id !== shown) this.#heard(session);
    }
    const ids = new Set(sessions.map(({ id }) => id));
    for (const id of [...this.#known.keys(), ...this.#drafts.keys()]) {
      if (ids.has(id)) continue;
      this.#known.delete(id);
      this.#drafts.delete(id);
    }
    const list = JSON.stringify(sessions);
    if (list === this.#list) return;
    this.#list = list;
    this.#shown.store.feed((model) => ({ ...model, around: { ...model.around, sessions } }));
  }

  #heard(session: SessionInfo): void {
    const before = this.#known.get(session.id);
    if (before === session) return;
    this.#known.set(session.id, session);
    const news = newsOf(before, session);
    const { transcript, around } = this.model;
    if (news === null || !isUnseen(session.id, transcript.session?.id ?? null, around.focused)) {
      return;
    }
    this.#options.ring(news);
  }

  /** The chooser's selected session, attached without being counted; the shown one is here. */
  #followPreview(): void {
    const { dialog, transcript } = this.model;
    const wanted = dialog?.kind === "chooser" ? dialog.selected : null;
    const session = wanted === transcript.session?.id ? null : wanted;
    if (this.#preview?.session === session) {
      if (dialog?.kind === "chooser" && dialog.preview === null) this.#previewed();
      return;
    }
    this.#endPreview();
    if (session === null) return;
    const { dial } = this.#options;
    const { size, name } = this.model;
    const store = new Store(
      initialModel({ name, readOnly: true, size, now: Date.now() }),
      () => {},
    );
    const attach = { name: session, readOnly: true, visible: false, last: previewRecords };
    const link = new Link({ dial, store, ...attach });
    this.#preview = {
      session,
      show: { store, link, over: store.subscribe(() => this.#previewed()) },
    };
    // One that ended in between has no preview, and soon no row.
    link.start().catch(() => {});
  }

  #previewed(): void {
    const preview = this.#preview?.show.store.model;
    if (preview === undefined || preview.transcript.session === null) return;
    this.#shown.store.feed((model) =>
      model.dialog?.kind === "chooser" && model.dialog.preview !== preview
        ? { ...model, dialog: { ...model.dialog, preview } }
        : model,
    );
  }

  #endPreview(): void {
    if (this.#preview !== undefined) close(this.#preview.show);
    this.#preview = undefined;
  }
}

function keepChooser({ dialog }: Model): (model: Model) => Model {
  return (model) => (dialog?.kind === "chooser" ? { ...model, dialog: chooser(model) } : model);
}

function close({ store, link, over }: Show): void {
  over();
  link.stop();
  store.close();
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
