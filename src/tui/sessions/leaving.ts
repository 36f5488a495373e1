/**
 * The sessions that left the screen: those with words still on their way, until the daemon has
 * them, and of the others what was being written.
 */

import { sleep } from "../../system/sleep.ts";
import type { Model } from "../model.ts";
import type { Show } from "./show.ts";

/** How long the end waits for words that are on their way. */
const sentMs = 1_000;

type Written = Pick<Model, "composer" | "draft" | "dropped">;

export class Leaving {
  /** By session id. */
  readonly #shows = new Map<string, Show>();
  readonly #written = new Map<string, Written>();
  #onSent: () => void = () => {};

  take(show: Show): void {
    if (show.session === null) void show.close();
    else this.#shows.set(show.session, show);
    this.settle();
  }

  /** A session that can't be followed: what was to be sent there is text to be sent again. */
  drop(show: Show): void {
    const { outbox, composer, draft, dropped } = show.model;
    const texts = [...outbox.map((message) => message.text), composer.text];
    const text = texts.filter((one) => one !== "").join("\n");
    const written = { composer: { text, cursor: text.length, recalled: null }, draft, dropped };
    if (show.session !== null && text !== "") this.#written.set(show.session, written);
    void show.close();
  }

  /** What is left of a session, which is the screen's again. */
  giveBack(session: string): { show?: Show; written?: Written } {
    const show = this.#shows.get(session);
    this.#shows.delete(session);
    const written = this.#written.get(session);
    return show !== undefined ? { show } : written !== undefined ? { written } : {};
  }

  /** Lets go of those that have nothing to send any more. */
  settle(): void {
    for (const [session, show] of this.#shows) {
      if (show.model.outbox.length > 0) continue;
      const words = writtenIn(show);
      this.#written.set(session, words);
      this.#shows.delete(session);
      // Once the daemon has the words they are every terminal's, and another may have sent them.
      void show.close().then(() => {
        if (this.#written.get(session) === words) this.#written.set(session, writtenIn(show));
      });
    }
    if (this.#shows.size === 0) this.#onSent();
  }

  /** Forgets what was written in sessions that are no more. */
  keepOnly(sessions: ReadonlySet<string>): void {
    for (const id of this.#written.keys()) {
      if (!sessions.has(id)) this.#written.delete(id);
    }
  }

  /** Resolves when everything is sent, or takes too long. */
  sent(): Promise<void> {
    const all = new Promise<void>((resolve) => {
      this.#onSent = resolve;
    });
    this.settle();
    return Promise.race([all, sleep(sentMs)]);
  }

  close(): void {
    for (const show of this.#shows.values()) void show.close();
  }
}

function writtenIn({ model: { composer, draft, dropped } }: Show): Written {
  return { composer, draft, dropped };
}
