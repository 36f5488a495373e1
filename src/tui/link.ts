/**
 * The TUI's end of the wire: follows the session into the store, and carries out what the model
 * wants of the daemon. A message stays in the outbox until the daemon acknowledged it, and is
 * sent again under the same id after a lost connection; the daemon takes each id once.
 */
import type { Connection } from "../client/connection.ts";
import { Follower } from "../client/follow.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import type { Method, Params, Result } from "../protocol/methods.ts";
import type { HistoryRecord } from "../protocol/session.ts";
import { contentOf, textOf } from "./composer/chips.ts";
import { DraftCourier } from "./composer/draft-courier.ts";
import { ControlDesk } from "./controls/control-desk.ts";
import type { Effect, Model, Outgoing, Step } from "./model.ts";
import * as receive from "./receive.ts";
import type { Store } from "./store.ts";
import { receivedSeek } from "./transcript/search.ts";
import { receivedJump, receivedLater } from "./transcript/window.ts";

/** Records that attach brings, and that one page of older ones has. */
export const pageRecords = 200;

const retryMs = 250;

export interface LinkOptions {
  dial: () => Promise<Connection>;
  name: string;
  readOnly: boolean;
  env?: Record<string, string>;
  /** False: not counted and shown as attached. */
  visible?: boolean;
  /** How many records attach brings. */
  last?: number;
  store: Store;
}

export class Link {
  readonly #store: Store;
  readonly #follower: Follower;
  /** The id, which outlives renames; the name until it is known. */
  #session: string;
  #flushing = false;
  readonly #courier: DraftCourier;
  readonly #desk: ControlDesk;
  /** Settles when the records that attach brings are all there. */
  readonly live: Promise<void>;

  constructor({ dial, name, readOnly, env, store, ...more }: LinkOptions) {
    const { visible = true, last = pageRecords } = more;
    this.#store = store;
    this.#session = name;
    let settleLive = () => {};
    this.live = new Promise((resolve) => {
      settleLive = resolve;
    });
    this.#courier = new DraftCourier(store, (text) => this.#call("session/compose", { text }));
    this.#desk = new ControlDesk(store, (method, params) => this.#call(method, params));
    this.#follower = new Follower({
      dial,
      attach: { name, last, deltas: true, readOnly, visible, ...(env ? { env } : {}) },
      onAttached: (result) => {
        this.#session = result.session.id;
        store.feed((model) => receive.attached(model, result));
        void this.#flush();
      },
      onEvent: (event) => {
        store.feed((model) => receive.received(model, event));
        if (event.method !== "session/live") return;
        settleLive();
        void this.#readWritten();
        void this.#desk.learnOffers();
        void this.#complete();
      },
      onDisconnected: () => store.feed(receive.lost),
      onStillAway: (error) => store.feed((model) => receive.stillAway(model, error)),
    });
  }

  /** Resolves after the first attach; throws why there was none. */
  async start(): Promise<void> {
    await this.#follower.start();
  }

  /** Settles with the error that ended the session's following, or undefined after stop(). */
  get ended(): Promise<HacsError | undefined> {
    return this.#follower.ended;
  }

  /** Hands over what is not handed over yet, before the end. */
  async leave(): Promise<void> {
    await this.#courier.leave();
  }

  stop(): void {
    this.#follower.stop();
  }

  async perform(effect: Effect): Promise<void> {
    switch (effect.do) {
      case "flush":
        return this.#flush();
      case "answer":
        return this.#try("session/answer", { id: effect.id, answer: effect.answer });
      case "interrupt":
        return this.#try("session/interrupt", {});
      case "withdraw":
        return this.#withdraw(effect.id);
      case "find":
        return this.#desk.find();
      case "skills":
        return this.#desk.skills();
      case "call":
        return this.#desk.call(effect);
      case "control":
        return this.#desk.control(effect.control, effect.rest);
      case "earlier":
        return this.#page({ before: effect.before }, (model, records) =>
          receive.receivedEarlier(model, effect.before, records),
        );
      case "later":
        return this.#page({ after: effect.after }, (model, records) =>
          receivedLater(model, effect.after, records),
        );
      case "jump":
        return this.#page(effect.to === "start" ? { after: 0 } : {}, (model, records) =>
          receivedJump(model, effect.to, records),
        );
      case "seek":
        return this.#page(
          "before" in effect ? { before: effect.before } : { after: effect.after },
          (model, records) => receivedSeek(model, effect.id, records),
        );
    }
  }

  /** One call at a time, so that messages arrive in the order they were written. */
  async #flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    let goesOn = true;
    for (let next = this.#next(); goesOn && next !== undefined; next = this.#next()) {
      goesOn = await this.#send(next);
    }
    this.#flushing = false;
    // The connection may be back already, or the daemon be about to stop: in a while, then.
    if (this.#next() !== undefined) setTimeout(() => void this.#flush(), retryMs).unref();
  }

  /** False when the daemon went away: as far as one knows it was not delivered. */
  async #send({ id, text, mode }: Outgoing): Promise<boolean> {
    this.#store.act((model) => receive.tried(model, id));
    try {
      await this.#call("session/send", { id, content: contentOf(text), mode });
      this.#store.act((model) => receive.acknowledged(model, id));
    } catch (error) {
      const failure = asHacsError(error);
      if (failure.exitCode === 6) return false;
      this.#store.act((model) => receive.refused(model, id, failure));
    }
    return true;
  }

  #next() {
    return this.#follower.connection === undefined ? undefined : this.#store.model.outbox[0];
  }

  async #readWritten(): Promise<void> {
    const { connection } = this.#follower;
    if (this.#store.model.written !== null || connection === undefined) return;
    try {
      const { texts } = await connection.call("daemon/sent", {});
      this.#store.feed((model) => receive.receivedWritten(model, texts));
    } catch {
      // Up then only knows this session's own messages.
    }
  }

  async #withdraw(id: string): Promise<void> {
    try {
      const { content } = await this.#call("session/withdraw", { id });
      this.#store.act((model) => receive.withdrawn(model, textOf(content)));
    } catch (error) {
      this.#store.act((model) => receive.failed(model, asHacsError(error)));
    }
  }

  /** A page of the history; of a jump to the end, the last one that was known when it began. */
  async #page(
    from: { before?: number; after?: number },
    take: (model: Model, records: readonly HistoryRecord[]) => Model | Step,
  ): Promise<void> {
    const place =
      Object.keys(from).length > 0 ? from : { before: this.#store.model.transcript.cursor + 1 };
    try {
      const { records } = await this.#call("session/history", { ...place, limit: pageRecords });
      this.#store.act((model) => take(model, records));
    } catch {
      // It stands above or below the transcript that there is more; scrolling there asks again.
      this.#store.act(receive.loadFailed);
    }
  }

  async #complete(): Promise<void> {
    const { session, turn } = this.#store.model.transcript;
    const busy = session?.state === "working" || session?.state === "needs-approval";
    if (turn !== null || !busy) return;
    try {
      const { session: detail } = await this.#call("session/show", {});
      this.#store.feed((model) => receive.detailed(model, detail));
    } catch {
      // The status line then lacks how long the turn has run, and nothing else.
    }
  }

  async #try(
    method: "session/answer" | "session/interrupt",
    params: Omit<Params<typeof method>, "name">,
  ): Promise<void> {
    try {
      await this.#call(method, params as Omit<Params<"session/answer">, "name">);
    } catch (error) {
      this.#store.act((model) => receive.failed(model, asHacsError(error)));
    }
  }

  #call<M extends Method>(method: M, params: Omit<Params<M>, "name">): Promise<Result<M>> {
    const { connection } = this.#follower;
    if (connection === undefined) {
      const away = "The daemon is away; the screen says when it is back.";
      return Promise.reject(new HacsError("daemon-unreachable", away));
    }
    return connection.call(method, { ...params, name: this.#session } as Params<M>);
  }
}

export function asHacsError(error: unknown): HacsError {
  return error instanceof HacsError ? error : new HacsError("internal", messageOf(error));
}
