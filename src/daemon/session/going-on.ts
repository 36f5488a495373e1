/**
 * What becomes of a turn whose agent died in the middle of it. That it was cut off is known for
 * sure only from codex, which lists it as interrupted once the thread is loaded again: then its
 * receipts say why, and with `--on-crash continue` the agent is asked to go on, by a message of
 * the daemon's own. That message is stored in the transaction that records the turn's end, which
 * happens once, so it is sent once.
 *
 * It is not sent when somebody stopped the turn on purpose; when codex waited for an answer, since
 * what was asked is for a person to see again; when a message is in doubt, since that one is
 * delivered again and says what to do; or when the turns that were to go on died too often.
 */
import type { Actor } from "../../protocol/session.ts";
import type { Store } from "../store/store.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";

export interface GoingOnPort {
  session: string;
  store: Store;
  history: History;
  inbox: Inbox;
  onCrash: () => "continue" | "hold";
  /** The turn that somebody stopped, of which codex may not have told the end. */
  stoppedTurn: () => string | null;
}

/** Turns in a row that were to go on and died; after these a person has to look. */
const attemptsMax = 3;

const text =
  "The process that you run in died in the middle of your turn and was started again. Commands " +
  "that were running then have ended, and some may be half done. Look at how things stand, and " +
  "go on with what you were asked.";
const daemon: Actor = { kind: "daemon", user: "the daemon", from: "after a crash" };

export class GoingOn {
  readonly #port: GoingOnPort;
  /** The history is being brought level with what codex has of the session's own turns. */
  #levelling = false;

  constructor(port: GoingOnPort) {
    this.#port = port;
  }

  /**
   * Only an end that codex did not tell when it came is a death's: nobody but us can interrupt a
   * turn that we do not hear of. `first`: the thread was not the session's before.
   */
  async whileLevelling(first: boolean, level: () => Promise<void>): Promise<void> {
    this.#levelling = !first;
    try {
      await level();
    } finally {
      this.#levelling = false;
    }
  }

  /** In the transaction that records a turn's end. Gives what its receipts are to say of it. */
  turnEnded(turnId: string, status: string): string | null {
    if (!this.#levelling || status !== "interrupted") return null;
    if (this.#port.stoppedTurn() === turnId) return null;
    if (this.#port.onCrash() === "continue") this.#goOn(turnId);
    else this.#hold("it is not told to go on (--on-crash)");
    return "its agent died in the middle of the turn";
  }

  /** Also after the machine went down, of which nothing else in the history tells. */
  #hold(why: string): void {
    this.#port.history.own("session/control", { action: "hold", by: daemon, detail: { why } });
  }

  #goOn(turnId: string): void {
    const { inbox } = this.#port;
    const attempt = inbox.attemptsIn(turnId, attemptId) + 1;
    const why = this.#whyNot(turnId, attempt);
    if (why === null)
      inbox.accept({ text }, "queue", `${attemptId}${attempt}-${turnId}`, daemon, true);
    else this.#hold(why);
  }

  #whyNot(turnId: string, attempt: number): string | null {
    const { session, store, inbox } = this.#port;
    if (store.approvals.lostIn(session, turnId)) return "an approval waited in the turn";
    if (inbox.inDoubt().length > 0) return "a message is delivered again";
    if (inbox.full(text.length) !== undefined) return "the queue is full";
    if (attempt > attemptsMax) return `${attemptsMax} turns in a row died that were to go on`;
    return null;
  }
}

/** Ids of these messages begin with it, and then have the attempt's number. */
const attemptId = "go-on-";
