/**
 * The live end of a session's history. Each event is framed once; what comes within one turn of
 * the event loop is joined and encoded once, and every live subscriber is handed the same bytes
 * in one write. A subscriber that reads too slowly is dropped from the live set and catches up
 * from the store by its cursor, so it costs the others nothing.
 */
import type { SessionEvent } from "../../protocol/records.ts";
import type { RecordRow } from "../store/record-table.ts";

/** Where a feed's bytes go: one client's connection. */
export interface Sink {
  write: (data: Buffer | string) => void;
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
  #frames: string[] = [];
  #isDelta: boolean[] = [];
  #head = 0;
  #scheduled = false;
  /** Called before a flush, to add what is said once for many changes. */
  beforeFlush: () => void = () => {};

  get hasListeners(): boolean {
    return this.#live.size > 0;
  }

  /** Queues a frame for all who are live. `seq` is 0 for what is not a record. */
  push(frame: string, seq: number, isDelta = false): void {
    if (seq > 0) this.#head = seq;
    if (this.#live.size === 0) return;
    this.#frames.push(frame);
    this.#isDelta.push(isDelta);
    this.schedule();
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Joins the live set; the caller has written everything up to `subscriber.cursor`. */
  join(subscriber: LiveSubscriber): void {
    this.flush();
    this.#live.add(subscriber);
  }

  leave(subscriber: LiveSubscriber): void {
    this.#live.delete(subscriber);
  }

  flush(): void {
    this.#scheduled = false;
    this.beforeFlush();
    const frames = this.#frames;
    if (frames.length === 0) return;
    const isDelta = this.#isDelta;
    this.#frames = [];
    this.#isDelta = [];
    let whole: Buffer | undefined;
    let withoutDeltas: Buffer | undefined;
    for (const subscriber of this.#live) {
      let bytes: Buffer;
      if (subscriber.wantsDeltas) {
        whole ??= Buffer.from(frames.join(""));
        bytes = whole;
      } else {
        withoutDeltas ??= Buffer.from(frames.filter((_, i) => !isDelta[i]).join(""));
        bytes = withoutDeltas;
      }
      if (bytes.length > 0) subscriber.sink.write(bytes);
      if (this.#head > subscriber.cursor) subscriber.cursor = this.#head;
      if (subscriber.sink.backlogBytes > backlogBytesMax) {
        this.#live.delete(subscriber);
        subscriber.onLagging();
      }
    }
  }
}

const open = '{"jsonrpc":"2.0","method":"session/event","params":{"session":';

/** A record as the wire has it, a whole line; its params are spliced in unparsed. */
export function recordFrame(session: string, row: RecordRow): string {
  return `${open}"${session}","seq":${row.seq},"at":"${row.at}","method":${JSON.stringify(row.method)},"params":${row.params}}}\n`;
}

/** An event that is not recorded. */
export function liveFrame(event: Omit<SessionEvent, "params">, params: string): string {
  const offset = event.offset === undefined ? "" : `"offset":${event.offset},`;
  return `${open}"${event.session}",${offset}"at":"${event.at}","method":${JSON.stringify(event.method)},"params":${params}}}\n`;
}
