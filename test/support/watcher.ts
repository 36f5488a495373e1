/** A client that follows a session and keeps all it was told, for tests to wait on and to check. */
import type { Connection } from "../../src/client/connection.ts";
import { Follower } from "../../src/client/follow.ts";
import type { Params } from "../../src/protocol/methods.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";
import { emptyTranscript, fold, type Transcript } from "../../src/protocol/transcript.ts";
import { within } from "./eventually.ts";
import type { Home } from "./home.ts";

export interface Watcher {
  /** Everything, in the order it came. */
  readonly events: readonly SessionEvent[];
  /** What has a seq. */
  records(): SessionEvent[];
  transcript(): Transcript;
  /** The first event, past or to come, that is what the test looks for. */
  until(what: string, is: (event: SessionEvent) => boolean): Promise<SessionEvent>;
  /** The message's receipt in the history: `accepted`, `delivered`, `finished`, … */
  message(id: string, status: string): Promise<SessionEvent>;
  readonly connection: Connection | undefined;
  stop(): void;
}

export async function watch(
  home: Home,
  name: string,
  attach: Partial<Params<"session/attach">> = {},
): Promise<Watcher> {
  const events: SessionEvent[] = [];
  const waiting = new Set<() => void>();
  let transcript = emptyTranscript;
  const follower = new Follower({
    dial: () => home.connect(),
    attach: { name, after: 0, ...attach },
    onEvent: (event) => {
      events.push(event);
      transcript = fold(transcript, event);
      for (const look of [...waiting]) look();
    },
  });
  await follower.start();
  const until: Watcher["until"] = (what, is) =>
    within(
      new Promise<SessionEvent>((resolve) => {
        let looked = 0;
        const look = () => {
          for (; looked < events.length; looked++) {
            const event = events[looked]!;
            if (!is(event)) continue;
            waiting.delete(look);
            resolve(event);
            return;
          }
        };
        waiting.add(look);
        look();
      }),
      {
        what: `${what} in session "${name}"`,
        seen: () =>
          events
            .slice(-8)
            .map((event) => JSON.stringify(event).slice(0, 300))
            .join("\n"),
      },
    );
  return {
    events,
    records: () => events.filter((event) => event.seq !== undefined),
    transcript: () => transcript,
    until,
    message: (id, status) =>
      until(
        `message ${id} ${status}`,
        ({ method, params }) =>
          method === "session/message" && params.id === id && params.status === status,
      ),
    get connection() {
      return follower.connection;
    },
    stop: () => follower.stop(),
  };
}
