/**
 * The live end of a session's history. Each event is framed once; what comes within one turn of
 * the event loop is joined and encoded once for each framing, and every live subscriber of that is
 * handed the same bytes in one write. A subscriber that reads too slowly is dropped from the live set
 * and catches up from the store by its cursor, so it costs the others nothing.
 *
 * Of what no record says, the last that was said of its kind stands: whoever was not live is told.
 */
import type { EventFrame, Framing } from "./framing.ts";

/** Where a feed's bytes go: one client's connection. */
export interface Sink {
  readonly framing: Framing;
  /** Bytes that its framing made. */
  write: (bytes: Buffer) => void;
  /** Bytes that were written and not yet taken by the kernel. */
  readonly backlogBytes: number;
  /** Calls back once, when the backlog is gone or the connection closed. */
  whenDrained: (callback: () => void) => void;
  readonly closed: boolean;
  /** Ends the client's connection, and says why. */
  fail: (error: unknown) => void;
}

/** A live subscriber whose backlog exceeds this is moved to catch-up. */
export const backlogBytesMax = 4 * 1024 * 1024;

export interface LiveSubscriber {
  readonly sink: Sink;
  readonly wantsDeltas: boolean;
  /** The last record that was written to it. */
  cursor: number;
  /** It fell behind and was taken out of the live set. */
  onLagging: () => void;
}

export class Feed {
  readonly #live = new Set<LiveSubscriber>();
  #events: EventFrame[] = [];
  #head = 0;
  #scheduled = false;
  /** By the method, with its place among all that was said so. */
  readonly #standing = new Map<string, { event: EventFrame; place: number }>();
  #place = 0;
  /** Where somebody joined last. */
  #joinedAt = 0;
  /** Called before a flush, to add what is said once for many changes. */
  beforeFlush: () => void = () => {};

  get hasListeners(): boolean {
    return this.#live.size > 0;
  }

  /** Queues an event for all who are live. */
  push(event: EventFrame): void {
    if (event.seq > 0) this.#head = event.seq;
    if (this.#live.size === 0) return;
    this.#events.push(event);
    this.schedule();
  }

  /** How much was said so far that stands. */
  get place(): number {
    return this.#place;
  }

  /** Says what stands until the next of its method; not again to who has heard it. */
  stand(method: string, params: string, event: EventFrame): void {
    const last = this.#standing.get(method);
    const heard = last !== undefined && last.place > this.#joinedAt;
    if (heard && last.event.json.endsWith(`"params":${params}}`)) return;
    this.#standing.set(method, { event, place: ++this.#place });
    this.push(event);
  }

  /** What was said after a place, and stands. */
  standingAfter(place: number): EventFrame[] {
    return [...this.#standing.values()]
      .filter((one) => one.place > place)
      .map(({ event }) => event);
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Joins the live set; the caller has written everything up to `subscriber.cursor`. */
  join(subscriber: LiveSubscriber): void {
    this.flush();
    this.#joinedAt = this.#place;
    this.#live.add(subscriber);
  }

  leave(subscriber: LiveSubscriber): void {
    this.#live.delete(subscriber);
  }

  flush(): void {
    this.#scheduled = false;
    this.beforeFlush();
    const events = this.#events;
    if (events.length === 0) return;
    this.#events = [];
    const framed = new Framed(events);
    for (const subscriber of this.#live) {
      const bytes = framed.bytes(subscriber.sink.framing, subscriber.wantsDeltas);
      if (bytes.length > 0) subscriber.sink.write(bytes);
      if (this.#head > subscriber.cursor) subscriber.cursor = this.#head;
      if (subscriber.sink.backlogBytes > backlogBytesMax) {
        this.#live.delete(subscriber);
        subscriber.onLagging();
      }
    }
  }
}

/** The same events in each way that is asked for, made when it is first asked for. */
class Framed {
  readonly #events: EventFrame[];
  #calm: EventFrame[] | undefined;
  readonly #whole = new Map<Framing, Buffer>();
  readonly #withoutDeltas = new Map<Framing, Buffer>();

  constructor(events: EventFrame[]) {
    this.#events = events;
  }

  bytes(framing: Framing, deltas: boolean): Buffer {
    const made = deltas ? this.#whole : this.#withoutDeltas;
    let bytes = made.get(framing);
    if (bytes === undefined) {
      this.#calm ??= deltas ? undefined : this.#events.filter(({ isDelta }) => !isDelta);
      bytes = framing(deltas ? this.#events : (this.#calm ?? []));
      made.set(framing, bytes);
    }
    return bytes;
  }
}
