/**
 * An agent's rest, and its slot. It rests while nobody is attached, no turn runs, nothing is queued,
 * nothing waits for an answer and no call is under way. After the idle timeout it is put to sleep,
 * and sooner when another session waits for its slot; but not while a command that codex left
 * running in the background would die with it. One timer, and only while it rests: a session that
 * sleeps costs nothing.
 */
import { formatDuration } from "../../protocol/duration.ts";
import { isObject } from "../../protocol/messages.ts";
import { CodexError } from "../agent/agent-link.ts";
import { Alarm, sinceMs } from "../clock.ts";
import type { Services } from "../services.ts";
import type { Holder } from "../slots.ts";
import type { Delivery } from "./delivery.ts";
import type { Shown } from "./session-view.ts";

export interface RestPort {
  session: () => Shown;
  services: Pick<Services, "slots" | "clock">;
  delivery: () => Delivery;
  onChange: () => void;
  log: (message: string, details: object) => void;
}

/** After a daemon's start, who was attached has this long to come back. */
const comeBackMs = 10_000;
/** How often a command in the background is looked after; its end is mostly told. */
const backgroundMs = 60_000;
/** An agent that does not answer is not found to be at rest. */
const answerMs = 5_000;

export class Rest implements Holder {
  readonly #port: RestPort;
  readonly #alarm: Alarm;
  #sinceMs: number | undefined;
  /** Calls under way, and clients that are about to attach. */
  #uses = 0;
  /** The agent was found running: it may have rested before. */
  #adopted = false;
  #onStuck: (() => void)[] = [];

  constructor(port: RestPort) {
    this.#port = port;
    this.#alarm = new Alarm(port.services.clock, () => this.#rang());
  }

  get restingSinceMs(): number | undefined {
    return this.#rests ? this.#sinceMs : undefined;
  }

  /** How long until it is put to sleep; null when it does not rest, or may rest for ever. */
  get leftMs(): number | null {
    return this.#sinceMs === undefined ? null : this.#alarm.leftMs;
  }

  get place(): number | undefined {
    return this.#port.services.slots.place(this);
  }

  /** Resolves as soon as it stands in line, and nobody is about to make room for it. */
  stuck(): Promise<void> {
    if (this.place !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onStuck.push(resolve));
  }

  take(): Promise<boolean> {
    const entering = this.#port.services.slots.take(this);
    // Whoever waits for either hears of the agent now.
    void entering.then(() => this.#onStuck.splice(0));
    return entering;
  }

  /** An earlier daemon left the agent running. */
  hold(): void {
    this.#adopted = true;
    this.#port.services.slots.hold(this);
  }

  /** There is no agent. */
  give(): void {
    this.#adopted = false;
    this.#port.services.slots.give(this);
  }

  leaveLine(): void {
    this.#port.services.slots.leave(this);
  }

  onPlace(): void {
    if (this.place !== undefined) for (const resolve of this.#onStuck.splice(0)) resolve();
    this.#port.onChange();
  }

  /** Keeps the agent from sleeping until what is returned is called. */
  use(): () => void {
    let over = false;
    this.#uses++;
    this.look();
    return () => {
      if (over) return;
      over = true;
      this.#uses--;
      this.look();
    };
  }

  /** Something may have changed. */
  look(): void {
    if (!this.#rests) {
      this.#sinceMs = undefined;
      this.#alarm.clear();
    } else if (this.#sinceMs === undefined) {
      const { services, session } = this.#port;
      const { clock, slots } = services;
      const before = this.#adopted ? sinceMs(session().recorder.activeAt) : 0;
      this.#sinceMs = clock.nowMs() - before;
      this.#arm();
      slots.rested(this);
    }
  }

  /** It did something while it rested, or the limit is another. */
  again(): void {
    this.#sinceMs = undefined;
    this.look();
  }

  /** A turn has ended. True when the slot is another's now, and what is queued waits in line. */
  turnEnded(): boolean {
    const { services, session, delivery } = this.#port;
    const { inbox } = session();
    if (!services.slots.wanted || inbox.queued === 0 || inbox.inDoubt().length > 0) return false;
    if (!this.#quiet || delivery().held) return false;
    void this.#retire("another session waited for its turn", () => this.#quiet);
    return true;
  }

  makeRoom(): Promise<boolean> {
    return this.#retire("another session needed its slot", () => this.#rests);
  }

  get #rests(): boolean {
    return this.#quiet && !this.#port.session().inbox.hasOpen;
  }

  /** Nothing but what is queued would be kept waiting. */
  get #quiet(): boolean {
    const { row, host, recorder, approvals, attached } = this.#port.session();
    if (row.endedAt !== null || !row.ready || host.agent === undefined) return false;
    if (recorder.holding || recorder.turns.busy) return false;
    return approvals.count === 0 && attached.size === 0 && this.#uses === 0;
  }

  #arm(): void {
    const timeoutMs = this.#port.session().limits.idleTimeoutMs;
    if (timeoutMs === null || this.#sinceMs === undefined) return this.#alarm.clear();
    const leftMs = timeoutMs - (this.#port.services.clock.nowMs() - this.#sinceMs);
    this.#alarm.set(this.#adopted ? Math.max(leftMs, Math.min(timeoutMs, comeBackMs)) : leftMs);
    this.#adopted = false;
  }

  #rang(): void {
    const timeoutMs = this.#port.session().limits.idleTimeoutMs;
    const since = this.restingSinceMs;
    if (since === undefined) return this.look();
    const over = timeoutMs !== null && this.#port.services.clock.nowMs() - since >= timeoutMs;
    // A command in the background may have ended, and somebody may wait for that.
    if (!over) return this.#lookAgain();
    void this.#retire(`idle for ${formatDuration(timeoutMs)}`, () => this.#rests);
  }

  #lookAgain(): void {
    this.#arm();
    this.#port.services.slots.rested(this);
  }

  /** Puts the agent to sleep if it still may. What comes meanwhile waits, and wakes it. */
  async #retire(reason: string, may: () => boolean): Promise<boolean> {
    const { session, delivery, log } = this.#port;
    if (delivery().held || !may()) return false;
    delivery().held = true;
    try {
      if (await this.#worksInBackground()) {
        this.#alarm.set(backgroundMs);
        return false;
      }
      if (!may()) return false;
      await session().host.down("SIGTERM", reason);
      return true;
    } catch (error) {
      log("putting the agent to sleep failed", { error: String(error) });
      return false;
    } finally {
      delivery().held = false;
      if (session().inbox.queued > 0) delivery().pump();
    }
  }

  /** What does not answer might; a codex that does not know the question has no answer. */
  async #worksInBackground(): Promise<boolean> {
    const { row, host } = this.#port.session();
    const params = { threadId: row.threadId, limit: 1 };
    try {
      const listed = await host.call("thread/backgroundTerminals/list", params, answerMs);
      return isObject(listed) && Array.isArray(listed.data) && listed.data.length > 0;
    } catch (error) {
      return !(error instanceof CodexError);
    }
  }
}
