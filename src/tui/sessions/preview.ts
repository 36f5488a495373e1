/** The session that the chooser has selected, attached without being counted, read-only. */
import { Link, type LinkOptions } from "../link.ts";
import { initialModel, type Model } from "../model.ts";
import { Store } from "../store.ts";

/** Fewer than attach brings: a few rows are all there is room for. */
const previewRecords = 40;

/** Keeps the preview of an open chooser to what is selected in it. */
export class Previewer {
  readonly #dial: LinkOptions["dial"];
  #preview: Preview | undefined;

  constructor(dial: LinkOptions["dial"]) {
    this.#dial = dial;
  }

  /** `store` is the one that has the keys; the session it shows needs no preview. */
  follow(store: Store): void {
    const { dialog, transcript, size } = store.model;
    const wanted = dialog?.kind === "chooser" ? dialog.selected : null;
    const session = wanted === transcript.session?.id ? null : wanted;
    if (session !== (this.#preview?.session ?? null)) {
      this.close();
      if (session === null) return;
      const onDrawn = () => this.#drawn(store);
      this.#preview = new Preview(session, { dial: this.#dial, size, onDrawn });
    } else if (dialog?.kind === "chooser" && dialog.preview === null) this.#drawn(store);
  }

  close(): void {
    this.#preview?.close();
    this.#preview = undefined;
  }

  #drawn(store: Store): void {
    const preview = this.#preview?.model ?? null;
    if (preview === null) return;
    store.feed((model) =>
      model.dialog?.kind === "chooser" && model.dialog.preview !== preview
        ? { ...model, dialog: { ...model.dialog, preview } }
        : model,
    );
  }
}

class Preview {
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
