/**
 * Writes drafts down now and then, so that what was shown of an item outlives the daemon: the
 * next one goes on from there, or keeps it as cut off when nothing more comes.
 */
import type { Draft } from "../../protocol/records.ts";
import type { Store } from "../store/store.ts";
import type { Drafts } from "./drafts.ts";

const saveEveryMs = 200;
/** A long draft costs more to write, and is written less often. */
const longChars = 64 * 1024;
const saveLongEveryMs = 2_000;

export class DraftKeeper {
  readonly #session: string;
  readonly #store: Store;
  readonly #drafts: Drafts;
  readonly #onError: (error: unknown) => void;
  readonly #changed = new Set<string>();
  readonly #saved = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(session: string, store: Store, drafts: Drafts, onError: (error: unknown) => void) {
    this.#session = session;
    this.#store = store;
    this.#drafts = drafts;
    this.#onError = onError;
  }

  /** Takes up what an earlier daemon wrote down; what came after that is not known yet. */
  restore(): void {
    const { records, drafts } = this.#store;
    for (const draft of drafts.all(this.#session)) {
      this.#saved.add(draft.itemId);
      if (records.itemsOf(this.#session, draft.turnId).has(draft.itemId)) this.forget(draft.itemId);
      else this.#drafts.restore(draft);
    }
  }

  changed(itemId: string): void {
    this.#changed.add(itemId);
    if (this.#timer !== undefined) return;
    const length = lengthOf(this.#drafts.get(itemId));
    this.#timer = setTimeout(
      () => this.#save(),
      length > longChars ? saveLongEveryMs : saveEveryMs,
    );
    this.#timer.unref();
  }

  /** The same at once, as a part of the transaction that it began in. */
  keep(itemId: string): void {
    const draft = this.#drafts.get(itemId);
    if (draft === undefined) return;
    this.#store.transaction(() => this.#store.drafts.put(this.#session, draft));
    this.#saved.add(itemId);
  }

  /** It completed, or was kept as a record: in the same transaction as that. */
  forget(itemId: string): void {
    this.#changed.delete(itemId);
    if (!this.#saved.delete(itemId)) return;
    this.#store.afterwards(
      () => {},
      () => this.#saved.add(itemId),
    );
    this.#store.drafts.remove(this.#session, itemId);
  }

  #save(): void {
    this.#timer = undefined;
    try {
      this.#store.transaction(() => {
        for (const itemId of this.#changed) {
          const draft = this.#drafts.get(itemId);
          if (draft === undefined) continue;
          this.#store.drafts.put(this.#session, draft);
          this.#store.afterwards(() => this.#saved.add(itemId));
        }
      });
      this.#changed.clear();
    } catch (error) {
      this.#onError(error);
    }
  }
}

function lengthOf(draft: Draft | undefined): number {
  return Object.values(draft?.fields ?? {}).reduce((sum, { text }) => sum + text.length, 0);
}
