/**
 * How long a session may live and a turn may take. Each is a timer while there is something to
 * wait for. A turn's time stands still while it waits for a person's answer.
 */
import { Alarm, type Clock, sinceMs } from "../clock.ts";

export interface DeadlinesPort {
  clock: Clock;
  /** When the session is to end, and how long it lives at most; null when it may stay. */
  end: () => { at: string; ttlMs: number } | null;
  maxTurnTimeMs: () => number | null;
  turn: () => { id: string; startedAt: string } | null;
  /** The turn waits for an answer. */
  asks: () => boolean;
  onEnd: () => void;
  onOverrun: (turnId: string) => void;
}

/** codex tells when a turn began in whole seconds; one that began longer ago was joined late. */
const joinedLateMs = 5_000;
const endAgainMs = 10_000;

export class Deadlines {
  readonly #port: DeadlinesPort;
  readonly #life: Alarm;
  readonly #overrun: Alarm;
  #turnId: string | undefined;
  /** What the turn took, up to the last time that its clock stood still. */
  #spentMs = 0;
  #runningSinceMs: number | undefined;
  /** It was told of this turn already. */
  #overran = false;

  constructor(port: DeadlinesPort) {
    this.#port = port;
    this.#life = new Alarm(port.clock, () => port.onEnd());
    this.#overrun = new Alarm(port.clock, () => this.#tooLong());
  }

  /** Counts the session's life from now on as its date has it. */
  live(): void {
    const end = this.#port.end();
    if (end === null) return this.#life.clear();
    // A wall clock that was far behind, as before its first setting, does not make it live longer.
    this.#life.set(Math.max(0, Math.min(end.ttlMs, Date.parse(end.at) - Date.now())));
  }

  /** Its time is over, and its end could not be stored: that is tried again. */
  endLater(): void {
    this.#life.set(endAgainMs);
  }

  /** The turn, what it waits for or what it may take has changed. */
  look(): void {
    const turn = this.#port.turn();
    if (turn === null) return this.#forget();
    if (turn.id !== this.#turnId) {
      this.#forget();
      this.#turnId = turn.id;
      const since = sinceMs(turn.startedAt);
      this.#spentMs = since > joinedLateMs ? since : 0;
    }
    this.#pause();
    const limitMs = this.#port.maxTurnTimeMs();
    if (this.#port.asks() || this.#overran) return;
    this.#runningSinceMs = this.#port.clock.nowMs();
    if (limitMs !== null) this.#overrun.set(Math.max(0, limitMs - this.#spentMs));
  }

  stop(): void {
    this.#life.clear();
    this.#forget();
  }

  #pause(): void {
    const { clock } = this.#port;
    this.#overrun.clear();
    if (this.#runningSinceMs !== undefined) this.#spentMs += clock.nowMs() - this.#runningSinceMs;
    this.#runningSinceMs = undefined;
  }

  #forget(): void {
    this.#pause();
    this.#turnId = undefined;
    this.#spentMs = 0;
    this.#overran = false;
  }

  #tooLong(): void {
    this.#overran = true;
    if (this.#turnId !== undefined) this.#port.onOverrun(this.#turnId);
  }
}
