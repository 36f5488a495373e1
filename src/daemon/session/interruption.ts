/** Stops the running turn, and waits until it has stopped. */
import { HacsError } from "../../protocol/errors.ts";
import type { Json, JsonObject } from "../../protocol/messages.ts";
import type { TurnInfo } from "../../protocol/session.ts";

export interface InterruptionPort {
  session: () => { name: string; state: string };
  threadId: () => string | null;
  turn: () => TurnInfo | null;
  call: (method: string, params: JsonObject) => Promise<Json>;
}

export interface HowToInterrupt {
  timeoutMs?: number | undefined;
  /** Why the daemon does it by itself. */
  reason?: string | undefined;
}

const patienceMs = 10_000;

export class Interruption {
  readonly #port: InterruptionPort;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(port: InterruptionPort) {
    this.#port = port;
  }

  /** Whether somebody is stopping the turn right now. */
  get running(): boolean {
    return this.#running > 0;
  }

  /** The running turn. Throws `no-turn` when none runs. */
  target(): TurnInfo {
    const turn = this.#port.turn();
    if (turn !== null) return turn;
    const { name, state } = this.#port.session();
    throw new HacsError(
      "no-turn",
      `No turn runs in session "${name}"; it is ${state}.`,
      "Nothing needs to be done.",
    );
  }

  /** Resolves when the turn has ended or its agent is gone. `onAsked` runs once codex agreed. */
  async stop(turnId: string, onAsked: () => void, timeoutMs = patienceMs): Promise<void> {
    const ended = this.#end(turnId, timeoutMs);
    const asked = this.#port
      .call("turn/interrupt", { threadId: this.#port.threadId(), turnId })
      .then(onAsked);
    // Whichever comes second is heard of no more: a hung agent answers neither.
    ended.catch(() => {});
    asked.catch(() => {});
    this.#running++;
    try {
      await Promise.race([asked.then(() => ended), ended]);
    } finally {
      this.#running--;
    }
  }

  /** A turn may have ended. */
  notice(): void {
    for (const look of [...this.#waiting]) look();
  }

  #end(turnId: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new HacsError(
            "timed-out",
            `The turn did not end within ${timeoutMs / 1000} s.`,
            `End its agent with: hacs-session restart --force ${this.#port.session().name}`,
          ),
        );
      }, timeoutMs);
      const look = () => {
        if (this.#port.turn()?.id === turnId) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}
