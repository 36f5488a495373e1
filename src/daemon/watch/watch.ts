/**
 * The one place that hears what happens in sessions: every record that says something about a
 * turn, an approval, a message, tokens or an agent comes by here once, as it is stored. Deltas and
 * items do not, so however much codex says, nothing here has to do with it.
 */
import type { Onlooker, Stored } from "../session/history.ts";
import type { SessionRow } from "../store/session-table.ts";

export interface Happened extends Stored {
  session: Readonly<SessionRow>;
}

export interface Listener {
  /** Inside the transaction that stores the record: what is written here is kept with it, or not. */
  storing?(happened: Happened): void;
  /** Once it is stored. */
  stored?(happened: Happened): void;
}

const HEARD: ReadonlySet<string> = new Set([
  "session/agent",
  "session/approval",
  "session/created",
  "session/ended",
  "session/message",
  "thread/tokenUsage/updated",
  "turn/completed",
  "turn/started",
]);

export class Watch {
  readonly #listeners: Listener[] = [];

  add(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** What hears the records of one session. */
  over(session: Readonly<SessionRow>): Onlooker {
    return {
      hears: (method) => HEARD.has(method),
      storing: (record) => {
        for (const listener of this.#listeners) listener.storing?.({ session, ...record });
      },
      stored: (record) => {
        for (const listener of this.#listeners) listener.stored?.({ session, ...record });
      },
    };
  }
}
