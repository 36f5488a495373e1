/** Carries what is being written to the daemon, a while after the last key and when one leaves. */

import type { Composition } from "../../protocol/session.ts";
import type { Store } from "../store.ts";
import { draftToSend, sendingDraft, sentDraft, unsentDraft } from "./draft-sync.ts";

/** Somebody who types is let finish the word; a pasted book goes less often. */
const quietMs = 250;
const charsPerMs = 100;
/** How long leaving waits for the last word to be kept. */
const leaveMs = 500;

export class DraftCourier {
  readonly #store: Store;
  readonly #send: (text: string) => Promise<{ revision: number }>;
  readonly #forget: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wanted: string | null = null;
  /** What the daemon did not take, and what it had then: as long as it has that, it is not asked again. */
  #refused: { text: string; known: Composition | null } | null = null;
  #under: Promise<void> = Promise.resolve();

  constructor(store: Store, send: (text: string) => Promise<{ revision: number }>) {
    this.#store = store;
    this.#send = send;
    this.#forget = store.subscribe(() => this.#look());
  }

  /** Sends what is not sent yet, within a bound. */
  async leave(): Promise<void> {
    this.#forget();
    clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, leaveMs);
    });
    await Promise.race([this.#under.then(() => this.#carry()), late]);
    clearTimeout(timer);
  }

  #look(): void {
    const { model } = this.#store;
    const wanted = draftToSend(model);
    // After an attach the call may only have been lost with the daemon.
    const anew = this.#refused !== null && this.#refused.known !== model.draft.known;
    if (anew) this.#refused = null;
    if (wanted === this.#wanted && !anew) return;
    this.#wanted = wanted;
    clearTimeout(this.#timer);
    if (wanted === null || wanted === this.#refused?.text) return;
    const waitMs = quietMs + wanted.length / charsPerMs;
    this.#timer = setTimeout(() => {
      this.#under = this.#carry();
    }, waitMs);
  }

  async #carry(): Promise<void> {
    const text = draftToSend(this.#store.model);
    if (text === null) return;
    const { known } = this.#store.model.draft;
    this.#store.act((model) => sendingDraft(model, text));
    try {
      const { revision } = await this.#send(text);
      this.#refused = null;
      this.#store.act((model) => sentDraft(model, revision));
    } catch {
      // The text is still in the composer; it is not worth a word there.
      this.#refused = { text, known };
      this.#store.act(unsentDraft);
    }
  }
}
