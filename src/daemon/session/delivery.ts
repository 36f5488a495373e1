/**
 * Moves messages from the inbox to codex, one at a time and each once. The order of the steps is
 * what makes it safe to die between any two of them:
 *
 *   1. the message is marked as attempted, and that is committed;
 *   2. `turn/start` or `turn/steer` is sent with the message's id;
 *   3. codex stores it and says so with `item/completed` of its `userMessage`; only this counts,
 *      since an answer to `turn/start` can be lost with the agent;
 *   4. the message is marked as delivered in the same commit that records that item.
 *
 * A message found attempted and not delivered is in doubt. After a start of the agent its thread
 * tells all there is. A living agent may still be at it, so it is asked until it is quiet.
 */

import { messageOf } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { sleep } from "../../system/sleep.ts";
import { CodexError } from "../agent/agent-link.ts";
import { isActive, isDraining } from "../agent/codex-thread.ts";
import type { MessageRow } from "../store/message-table.ts";
import { isStoreError } from "../store/storing.ts";
import { inputOf } from "./content.ts";
import type { Inbox } from "./inbox.ts";

export interface DeliveryPort {
  inbox: Inbox;
  /** Whether the agent is connected and history level with it. */
  ready: () => boolean;
  /** Gets the agent up; fails when that must wait. */
  wake: () => Promise<unknown>;
  /** The session is frozen: what is queued stays queued. */
  frozen: () => boolean;
  /** A turn runs, or what follows from its end is still to be done. */
  busy: () => boolean;
  turnId: () => string | null;
  threadId: () => string | null;
  call: (method: string, params: JsonObject) => Promise<Json>;
  /** Fetches what codex has and history has not. */
  reconcile: () => Promise<void>;
  log: (message: string, details: object) => void;
  onStoreError: (error: unknown) => void;
}

const overloaded = -32001;
const overloadWaitMs = 200;
const doubtPollMs = 50;
/** How often in a row a living agent must be found quiet before a message counts as not arrived. */
const quietChecks = 4;
/** A message whose turns are interrupted again and again before it is in them is given up. */
const timesMax = 3;

export class Delivery {
  readonly #port: DeliveryPort;
  #pumping = false;
  #again = false;
  #settling = false;
  /** A message is on its way, and what becomes of it will be told. */
  #sending = false;
  #interruptedTurn: string | null = null;
  /** The turn that codex began for a message, until the message shows up in it. */
  readonly #begun = new Map<string, { turnId: string; ended?: string; times: number }>();
  stopped = false;
  /** While the agent is being put down, for a sleep or a restart, nothing new is handed to it. */
  held = false;

  constructor(port: DeliveryPort) {
    this.#port = port;
  }

  /** Delivers what can be delivered now. Called after everything that may have changed that. */
  pump(): void {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    void this.#run()
      .catch((error) => this.#failed("delivery failed", error))
      .finally(() => {
        this.#pumping = false;
        if (this.#again) {
          this.#again = false;
          this.pump();
        }
      });
  }

  /** A new process has loaded the thread: what it does not have never arrived. */
  settleDoubtsAfterStart(): void {
    this.#begun.clear();
    for (const message of this.#port.inbox.inDoubt()) this.#port.inbox.notDelivered(message);
  }

  /** The agent lived on, or ended a turn without a word of the message. */
  settleDoubts(): void {
    if (this.#settling) return;
    this.#settling = true;
    void this.#askUntilQuiet()
      .catch((error) => this.#failed("settling a message in doubt failed", error))
      .finally(() => {
        this.#settling = false;
        this.pump();
      });
  }

  get #goes(): boolean {
    return !this.stopped && !this.held && !this.#port.frozen();
  }

  /** Nobody waits who could be told, and no event would come back to what could not be stored. */
  #failed(what: string, error: unknown): void {
    this.#port.log(what, { error: messageOf(error) });
    if (isStoreError(error)) this.#port.onStoreError(error);
  }

  async #run(): Promise<void> {
    const { inbox } = this.#port;
    while (this.#goes && inbox.next(false) !== undefined) {
      if (!this.#port.ready()) {
        if (!(await this.#bringUp())) return;
        continue;
      }
      const next = inbox.next(this.#port.busy());
      if (next === undefined) return;
      if ("interruptFor" in next) return this.#interrupt();
      if (!(await this.#deliver(next.deliver))) return;
    }
  }

  async #bringUp(): Promise<boolean> {
    try {
      await this.#port.wake();
      return true;
    } catch {
      // It is recorded as a crash, and is tried again by and by; or the session is to sleep.
      return false;
    }
  }

  /** False when it is for a later event to go on. */
  async #deliver(message: MessageRow): Promise<boolean> {
    const { inbox } = this.#port;
    const turnId = this.#port.turnId();
    const params = {
      threadId: this.#port.threadId(),
      input: inputOf(inbox.content(message)),
      clientUserMessageId: message.id,
    };
    inbox.attempt(message);
    try {
      this.#began(message, await this.#send(params, turnId));
      return false;
    } catch (error) {
      if (error instanceof CodexError) return this.#refused(message, error, turnId !== null);
      // A connection that broke leaves it in doubt, for the next one to settle; an answer that
      // never came leaves it in doubt here and now.
      if (this.#port.ready()) this.settleDoubts();
      return false;
    }
  }

  async #send(params: JsonObject, turnId: string | null): Promise<Json> {
    this.#sending = true;
    try {
      return turnId === null
        ? await this.#port.call("turn/start", params)
        : await this.#port.call("turn/steer", { ...params, expectedTurnId: turnId });
    } finally {
      this.#sending = false;
    }
  }

  #began(message: MessageRow, answer: Json): void {
    const turn = isObject(answer) && isObject(answer.turn) ? answer.turn.id : undefined;
    const turnId = turn ?? (isObject(answer) ? answer.turnId : undefined);
    if (typeof turnId !== "string" || message.status !== "accepted") return;
    const times = (this.#begun.get(message.id)?.times ?? 0) + 1;
    this.#begun.set(message.id, { turnId, times });
  }

  /** A turn is over. If it was begun for a message, and that is not in it, codex left it out. */
  turnEnded(turnId: string, status: string): void {
    for (const begun of this.#begun.values()) if (begun.turnId === turnId) begun.ended = status;
  }

  /** codex was asked and does not have the message: it is sent again, unless codex dropped it. */
  #absent(message: MessageRow): void {
    const begun = this.#begun.get(message.id);
    const dropped = begun?.ended !== undefined && begun.ended !== "interrupted";
    if (dropped || (begun?.ended !== undefined && begun.times >= timesMax)) {
      this.#begun.delete(message.id);
      const why = `codex ended the turn (${begun.ended}) without taking the message in`;
      this.#port.inbox.failed(message, why);
    } else {
      this.#port.inbox.notDelivered(message);
    }
  }

  async #refused(message: MessageRow, error: CodexError, steering: boolean): Promise<boolean> {
    const { inbox } = this.#port;
    if (error.number === overloaded) {
      inbox.notDelivered(message);
      await sleep(overloadWaitMs);
      return true;
    }
    if (isDraining(error)) {
      inbox.notDelivered(message);
      return false;
    }
    if (steering && /active turn|expected|steer/i.test(error.message)) {
      // The turn ended, or can't be steered: the message waits for a turn of its own.
      message.mode = "queue";
      inbox.notDelivered(message);
      return !this.#port.busy();
    }
    inbox.failed(message, error.message);
    return true;
  }

  /** Once a turn; its end goes on with the message that wanted it. */
  async #interrupt(): Promise<void> {
    const turnId = this.#port.turnId();
    if (turnId === null || this.#interruptedTurn === turnId) return;
    this.#interruptedTurn = turnId;
    try {
      await this.#port.call("turn/interrupt", { threadId: this.#port.threadId(), turnId });
    } catch (error) {
      this.#interruptedTurn = null;
      this.#port.log("interrupting for a message failed", { turnId, error: messageOf(error) });
    }
  }

  async #askUntilQuiet(): Promise<void> {
    let quiet = 0;
    while (!this.stopped && this.#port.ready() && this.#port.inbox.inDoubt().length > 0) {
      // While a turn runs, its events tell; its end comes back here.
      if (this.#port.busy() || this.#sending) return;
      quiet = (await this.#isQuiet()) ? quiet + 1 : 0;
      if (quiet >= quietChecks) {
        await this.#port.reconcile();
        if (this.#port.busy() || this.#sending) return;
        for (const message of this.#port.inbox.inDoubt()) this.#absent(message);
        return;
      }
      await sleep(doubtPollMs);
    }
  }

  /** No request is being worked on but our own, and the thread is at rest. */
  async #isQuiet(): Promise<boolean> {
    const threadId = this.#port.threadId();
    const [diagnostics, read] = await Promise.all([
      this.#port.call("server/diagnostics", {}),
      this.#port.call("thread/read", { threadId }),
    ]);
    const gauges =
      isObject(diagnostics) && Array.isArray(diagnostics.gauges) ? diagnostics.gauges : [];
    const inFlight = gauges
      .filter(isObject)
      .find((gauge) => gauge.name === "app.requests.in_flight");
    const ours = 2;
    const thread = isObject(read) && isObject(read.thread) ? read.thread : {};
    const busy = typeof inFlight?.value === "number" ? inFlight.value : 0;
    return busy <= ours && !isActive(thread);
  }
}
