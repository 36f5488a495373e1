/**
 * One client's view of one session: a cursor that walks the stored history page by page until it
 * reaches the head, and is then moved, in one step, to the live feed. The same walk serves a
 * client that attaches, one that comes back with its cursor, and one that fell behind. Between
 * the last page and the feed nothing can slip in or out, because both happen in one turn of the
 * event loop.
 */
import type { Draft } from "../../protocol/records.ts";
import type { RecordRow } from "../store/record-table.ts";
import type { LiveSubscriber, Sink } from "./feed.ts";
import { type EventFrame, liveFrame, recordFrame } from "./framing.ts";
import type { History } from "./history.ts";

const pageRecords = 200;

export class Subscription implements LiveSubscriber {
  readonly sink: Sink;
  readonly wantsDeltas: boolean;
  cursor: number;
  readonly #session: string;
  readonly #history: History;
  /** Up to where it knows what was said that no record says. */
  #heard: number;
  #ended = false;

  /** Made in the moment in which its client is answered how things stand. */
  constructor(session: string, history: History, sink: Sink, cursor: number, wantsDeltas: boolean) {
    this.#session = session;
    this.#history = history;
    this.sink = sink;
    this.cursor = cursor;
    this.wantsDeltas = wantsDeltas;
    this.#heard = history.feed.place;
  }

  start(): void {
    this.#catchUp();
  }

  end(): void {
    this.#ended = true;
    this.#history.feed.leave(this);
  }

  onLagging(): void {
    this.#heard = this.#history.feed.place;
    this.sink.whenDrained(() => this.#catchUp());
  }

  #catchUp(): void {
    if (this.#ended || this.sink.closed) return;
    try {
      const rows = this.#history.pageAfter(this.cursor, pageRecords);
      if (rows instanceof Promise) void rows.then((page) => this.#take(page));
      else this.#step(rows);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A history that can't be read is this client's bad luck, and nobody else's. */
  #fail(error: unknown): void {
    this.end();
    this.sink.fail(error);
  }

  /** What came from the archive. It took its time, so nothing of what was is still so. */
  #take(rows: RecordRow[]): void {
    if (this.#ended || this.sink.closed) return;
    try {
      this.#step(rows);
    } catch (error) {
      this.#fail(error);
    }
  }

  #step(rows: RecordRow[]): void {
    if (rows.length > 0) {
      this.sink.write(this.sink.framing(rows.map((row) => recordFrame(this.#session, row))));
      this.cursor = rows.at(-1)?.seq ?? this.cursor;
    }
    if (this.cursor >= this.#history.head) return this.#goLive();
    // Another session's clients want the event loop too, and this one its time to read.
    if (this.sink.backlogBytes > 0) this.sink.whenDrained(() => this.#catchUp());
    else setImmediate(() => this.#catchUp());
  }

  #goLive(): void {
    this.#history.feed.join(this);
    const drafts = this.wantsDeltas
      ? this.#history.drafts.all().map((draft: Draft) => this.#frame("session/draft", draft))
      : [];
    const live = this.#frame("session/live", { seq: this.cursor });
    const standing = this.#history.feed.standingAfter(this.#heard);
    this.sink.write(this.sink.framing([...standing, ...drafts, live]));
  }

  #frame(method: string, params: object): EventFrame {
    const event = { session: this.#session, at: new Date().toISOString(), method };
    return liveFrame(event, JSON.stringify(params));
  }
}
