import type { SessionEvent } from "../protocol/records.ts";
import type { ApprovalDetail, HistoryRecord, SessionInfo } from "../protocol/session.ts";
import type { Context } from "./context.ts";

/** What `tail` hands its records to, from the history first and live then. */
export interface RecordPrinter {
  record(record: HistoryRecord | SessionEvent): void;
  /** Whether a record is one of those that `-n` counts. */
  counts: (record: HistoryRecord) => boolean;
  /** Called when the history was printed and what follows is live. */
  caughtUp(session: SessionInfo, approvals: readonly ApprovalDetail[]): void;
  finish(): void;
  /** The session was ended; nothing follows. */
  readonly ended: boolean;
}

/** One record a line, unchanged but for the session, which is named as people name it. */
export class JsonPrinter implements RecordPrinter {
  ended = false;
  readonly #context: Pick<Context, "printJson">;
  readonly #live: boolean;
  #name: string;
  #caughtUp = false;

  constructor(context: Pick<Context, "printJson">, name: string, live: boolean) {
    this.#context = context;
    this.#name = name;
    this.#live = live;
  }

  counts = () => true;

  record({ seq, at, method, params, ...more }: HistoryRecord | SessionEvent): void {
    // The name given is the present one; only what is renamed from here on changes it.
    if (method === "session/renamed" && this.#caughtUp) this.#name = String(params.to);
    if (method === "session/ended") this.ended = true;
    const session = this.#name;
    if (seq !== undefined) return this.#context.printJson({ seq, at, session, method, params });
    if (!this.#live) return;
    const offset = "offset" in more ? { offset: more.offset } : {};
    this.#context.printJson({ at, session, method, params, ...offset });
  }

  caughtUp(): void {
    this.#caughtUp = true;
  }

  finish(): void {}
}
