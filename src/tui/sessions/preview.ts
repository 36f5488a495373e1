/** The session that the chooser has selected, attached without being counted, read-only. */
import { Link, type LinkOptions } from "../link.ts";
import { initialModel, type Model } from "../model.ts";
import { Store } from "../store.ts";

/** Fewer than attach brings: a few rows are all there is room for. */
const previewRecords = 40;

export class Preview {
  readonly session: string;
  readonly #store: Store;
  readonly #link: Link;

  constructor(
    session: string,
    {
      dial,
      size,
      onDrawn,
    }: { dial: LinkOptions["dial"]; size: Model["size"]; onDrawn: () => void },
  ) {
    this.session = session;
    const options = { name: session, readOnly: true };
    this.#store = new Store(initialModel({ ...options, size, now: Date.now() }), () => {});
    const attach = { ...options, visible: false, last: previewRecords };
    this.#link = new Link({ dial, store: this.#store, ...attach });
    this.#store.subscribe(onDrawn);
    // One that ended in between has no preview, and soon no row.
    this.#link.start().catch(() => {});
  }

  /** Null until something of it is there. */
  get model(): Model | null {
    const { model } = this.#store;
    return model.transcript.session === null ? null : model;
  }

  close(): void {
    this.#link.stop();
    this.#store.close();
  }
}
