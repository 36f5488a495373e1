/** One session as this terminal shows it: what is known of it, and the line to the daemon. */

import type { HacsError } from "../../protocol/errors.ts";
import { sleep } from "../../system/sleep.ts";
import { Link, type LinkOptions } from "../link.ts";
import type { Effect, Model } from "../model.ts";
import { Store } from "../store.ts";

/** History usually arrives well within this; what is there is shown when it does not. */
const firstFrameMs = 250;

export interface ShowOptions extends Pick<LinkOptions, "dial" | "readOnly" | "env"> {
  /** The session's name or id. */
  session: string;
  model: Model;
  perform: (show: Show, effect: Effect) => void;
  onDrawn: (show: Show) => void;
  /** It can't be followed any more. */
  onEnded: (show: Show, error: HacsError) => void;
}

export class Show {
  readonly store: Store;
  readonly #link: Link;
  readonly #onEnded: ShowOptions["onEnded"];
  readonly #mute: () => void;
  #started: Promise<void> | undefined;
  #ready = false;

  constructor({ session, model, perform, onDrawn, onEnded, ...link }: ShowOptions) {
    this.store = new Store(model, (effect) => perform(this, effect));
    this.#mute = this.store.subscribe(() => onDrawn(this));
    this.#link = new Link({ ...link, name: session, store: this.store });
    this.#onEnded = onEnded;
  }

  get model(): Model {
    return this.store.model;
  }

  /** The session's id; null until the daemon told it. */
  get session(): string | null {
    return this.model.transcript.session?.id ?? null;
  }

  /** True: there is something of it to draw. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when the records are there or take too long; throws why the session has none. */
  start(): Promise<void> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  async #begin(): Promise<void> {
    await this.#link.start();
    void this.#link.ended.then((error) => {
      if (error !== undefined) this.#onEnded(this, error);
    });
    await Promise.race([this.#link.live, sleep(firstFrameMs)]);
    this.#ready = true;
  }

  perform(effect: Effect): void {
    void this.#link.perform(effect);
  }

  /** Hands what is being written to the daemon. */
  async leave(): Promise<void> {
    await this.#link.leave();
  }

  /** Nothing is drawn from here on; resolves when what is being written is handed over. */
  async close(): Promise<void> {
    this.#mute();
    await this.leave().catch(() => {});
    this.#link.stop();
    this.store.close();
  }
}
