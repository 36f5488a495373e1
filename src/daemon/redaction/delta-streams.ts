/** The streams of one session's items on their way: one for each field that deltas come for. */
import type { RedactedStream } from "./redacted-stream.ts";
import type { Redactor } from "./redactor.ts";

export class DeltaStreams {
  readonly #redactor: Redactor;
  /** Items whose beginning was heard, with their streams by field. */
  readonly #begun = new Map<string, Map<string, RedactedStream>>();
  /** The same for those that were already on their way. */
  readonly #joined = new Map<string, Map<string, RedactedStream>>();

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  begin(itemId: string): void {
    if (!this.#begun.has(itemId)) this.#begun.set(itemId, new Map());
  }

  /** Gives what can be shown of a delta, and of those before it. */
  push(itemId: string, field: string, delta: string): string {
    const begun = this.#begun.get(itemId);
    let streams = begun ?? this.#joined.get(itemId);
    if (streams === undefined) {
      streams = new Map();
      this.#joined.set(itemId, streams);
    }
    let stream = streams.get(field);
    if (stream === undefined) {
      stream = this.#redactor.stream(begun === undefined);
      streams.set(field, stream);
    }
    return stream.push(delta);
  }

  end(itemId: string): void {
    this.#begun.delete(itemId);
    this.#joined.delete(itemId);
  }

  /** codex was not heard for a while: deltas may be missing. */
  missed(): void {
    this.#begun.clear();
    this.#joined.clear();
  }
}
