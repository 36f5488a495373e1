/**
 * What codex says, made part of the session. Every notification goes through `#take`, one after
 * the other: it is stored together with all that follows from it (a message delivered, a turn's
 * end) in one transaction, and clients hear of it afterwards. While the agent can't be heard,
 * or what was missed is being fetched, notifications are held back and taken in afterwards.
 */

import { isObject, type Json, type JsonObject, type RequestId } from "../../protocol/messages.ts";
import type { Receipt } from "../../protocol/session.ts";
import { stringOf } from "../../protocol/shape.ts";
import { sleep } from "../../system/sleep.ts";
import { isActive } from "../agent/codex-thread.ts";
import { toldSettings } from "../agent/thread-settings.ts";
import type { Store } from "../store/store.ts";
import { isStoreError } from "../store/storing.ts";
import { Activity } from "./activity.ts";
import type { Approvals } from "./approvals.ts";
import { flat } from "./bounded.ts";
import { itemOfDraft } from "./drafts.ts";
import { type Heard, isRegular, methodCharsMax, received } from "./heard.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";
import { findMissed, type Missed, type Reconciliation } from "./reconcile.ts";
import { TurnTracker } from "./turn-tracker.ts";

export interface RecorderPort {
  session: string;
  store: Store;
  history: History;
  inbox: Inbox;
  approvals: Approvals;
  threadId: () => string | null;
  call: (method: string, params: JsonObject) => Promise<Json>;
  /** Whether a turn that ends now was interrupted by one of our clients. */
  interrupting: () => boolean;
  /** What `ls` shows may have changed. */
  onChange: () => void;
  /** A message may be deliverable now. */
  onProgress: () => void;
  onTurnEnd: (turnId: string, status: string) => void;
  /** In the same transaction; gives what its receipts are to say when codex says nothing. */
  turnEnding: (turnId: string, status: string) => string | null;
  /** codex told the thread's settings, which somebody changed. */
  onSettings: (told: JsonObject) => void;
  onStoreError: (error: unknown) => void;
  /** What codex said can't be made part of the session. */
  onOdd: (what: string, error: unknown) => void;
}

/** What codex says again whenever it loads a thread; history has it from the first time. */
const RETOLD = new Set(["thread/tokenUsage/updated", "thread/goal/cleared", "thread/goal/updated"]);

const interruptedChecks = 8;
const interruptedPollMs = 100;

function isInterruption({ method, params }: Missed): boolean {
  return method === "turn/completed" && turnOf(params).status === "interrupted";
}

/** Of a notification that is regular. */
function turnOf(params: JsonObject): JsonObject & { id: string } {
  return params.turn as JsonObject & { id: string };
}

export class Recorder {
  readonly turns = new TurnTracker();
  readonly activity: Activity;
  lastHeardAt: string;
  /** When it last did something, as `ls` shows it. */
  activeAt: string;
  readonly #port: RecorderPort;
  #held: Heard[] | undefined;
  /** Turns whose end is stored, and is about to be told. */
  #ending = 0;

  constructor(port: RecorderPort, lastHeardAt: string) {
    this.#port = port;
    this.activity = new Activity(port.session, port.store.records, port.threadId);
    this.lastHeardAt = lastHeardAt;
    this.activeAt = lastHeardAt;
  }

  /** A turn runs, or has ended and who is next was not asked yet: other sessions may be waiting. */
  get occupied(): boolean {
    return this.turns.busy || this.#ending > 0;
  }

  /** Whether something may be missing that is not yet fetched. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** From here on what comes waits until `resume`. */
  hold(): void {
    this.#held ??= [];
    this.#port.history.missed();
  }

  /** Takes in what was held back. `afresh`: the thread was loaded anew, and told again. */
  resume(afresh: boolean): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const heard of held) if (!(afresh && RETOLD.has(heard.method))) this.#record(heard);
  }

  /** The agent is gone, and with it what it was at. */
  gone(): void {
    this.#held = undefined;
    this.turns.reset(null, false);
    this.#port.history.cutDrafts();
    this.#port.approvals.lose("the agent that asked is gone");
  }

  heard(told: Heard): void {
    const heard = received(told);
    if (this.#held === undefined) this.#record(heard);
    else this.#held.push(heard);
  }

  asked(id: RequestId, called: string, params: JsonObject): void {
    const method = called.slice(0, methodCharsMax);
    try {
      this.#port.approvals.requested(id, method, flat(params));
    } catch (error) {
      if (isStoreError(error)) this.#port.onStoreError(error);
      else this.#port.onOdd(method, error);
    }
    this.#port.onChange();
  }

  /**
   * Fetches what codex has and history has not; says so if there was a gap. `alive`: the agent
   * lived on, and may be at it this moment.
   */
  async reconcile(gap?: { reason: string; since: string }, alive = false): Promise<void> {
    const { store, history } = this.#port;
    let found = await this.#findMissed();
    // A turn that is just being ended is listed as interrupted until codex has written its end.
    for (let i = 0; alive && i < interruptedChecks && found.missed.some(isInterruption); i++) {
      await sleep(interruptedPollMs);
      found = await this.#findMissed();
    }
    const { missed, unfinished, running } = found;
    store.transaction(() => {
      const recovered = missed.filter((one) => one.method === "item/completed").length;
      if (gap !== undefined && recovered > 0) history.own("session/gap", { ...gap, recovered });
      for (const one of missed) {
        // What codex said of it itself, and is held back, is nearer the truth.
        if (isInterruption(one) && this.#heldEnd(one)) continue;
        this.#take(received({ ...one, emittedAtMs: one.atMs }));
      }
    });
    for (const item of unfinished) history.begin(flat(item), true);
    if (running === null) {
      // After a review codex opens its thread as active, and knows better when it is asked.
      if (this.turns.busy && !(await this.#isActive())) this.turns.reset(null, false);
      return;
    }
    const startedAt = new Date(running.startedAtMs).toISOString();
    this.turns.reset({ id: running.id, rootId: running.rootId, startedAt }, true);
  }

  async #isActive(): Promise<boolean> {
    const answer = await this.#port.call("thread/read", { threadId: this.#port.threadId() ?? "" });
    return !isObject(answer) || !isObject(answer.thread) || isActive(answer.thread);
  }

  #heldEnd(missed: Missed): boolean {
    return (this.#held ?? []).some(
      ({ method, params }) =>
        method === missed.method &&
        isRegular(method, params) &&
        turnOf(params).id === turnOf(missed.params).id,
    );
  }

  async #findMissed(): Promise<Reconciliation> {
    const { call, threadId, session, store } = this.#port;
    try {
      return await findMissed(call, threadId() ?? "", session, store);
    } catch (error) {
      // A thread that has had no turn can't be listed, and has nothing to list.
      if (!/not materialized|no rollout|before first user message/i.test(String(error)))
        throw error;
      return { missed: [], unfinished: [], running: null };
    }
  }

  #record(heard: Heard): void {
    const { store, history, onStoreError, onOdd } = this.#port;
    const { head } = history;
    try {
      store.transaction(() => this.#take(heard));
    } catch (error) {
      if (isStoreError(error)) return onStoreError(error);
      onOdd(heard.method, error);
      // What follows from it could not be done; that it was said is kept all the same.
      if (history.head === head) this.#keep(heard);
    }
  }

  #keep({ method, params, emittedAtMs }: Heard): void {
    try {
      this.#port.history.asItCame(method, params, emittedAtMs);
    } catch (error) {
      if (isStoreError(error)) this.#port.onStoreError(error);
      else this.#port.onOdd(`${method}, which is left out`, error);
    }
  }

  /** A notification with all that follows from it. */
  #take({ method, params, emittedAtMs }: Heard): void {
    const { history, threadId, onChange, onProgress, onSettings } = this.#port;
    if (!isRegular(method, params)) return history.asItCame(method, params, emittedAtMs);
    const own = params.threadId === undefined || params.threadId === threadId();
    if (own && method === "turn/completed") this.#beforeTurnEnd(params);
    if (own && method === "item/completed") this.#beforeItem(params);
    if (!history.codex(method, params, emittedAtMs)) return;
    const atMs = emittedAtMs ?? Date.now();
    // The clock of what is told is codex's own, and may be ahead.
    this.activity.hear(method, params, Math.min(atMs, Date.now()));
    this.lastHeardAt = new Date(atMs).toISOString();
    if (/^(item|turn)\//.test(method)) this.activeAt = this.lastHeardAt;
    if (!own) return;
    // Outside of a turn it is a command that ran on in the background and has ended.
    const endsAlone = method === "item/completed" && !this.turns.busy;
    if (this.turns.notice(method, params) || endsAlone) onChange();
    if (method === "item/completed") this.#afterItem(params);
    else if (method === "turn/completed") this.#afterTurnEnd(params);
    else if (method === "serverRequest/resolved") this.#resolved(params);
    else if (method === "thread/settings/updated") onSettings(toldSettings(params.threadSettings));
    else if (method === "thread/status/changed" && !this.turns.busy) setImmediate(onProgress);
  }

  /** A message that joins a turn cuts off the answer in progress, which codex then forgets. */
  #beforeItem(params: JsonObject): void {
    const { history } = this.#port;
    if ((params.item as JsonObject).type !== "userMessage") return;
    for (const draft of history.drafts.all()) {
      if (draft.turnId !== params.turnId || itemOfDraft(draft).type !== "agentMessage") continue;
      if (Object.keys(draft.fields).length > 0) history.cutDraft(draft);
    }
  }

  #afterItem(params: JsonObject): void {
    const item = params.item as JsonObject;
    if (item.type !== "userMessage" || typeof item.clientId !== "string") return;
    const { inbox, store, session } = this.#port;
    const turnId = params.turnId as string;
    inbox.delivered(item.clientId, turnId);
    // Of a turn that was stopped at its very beginning codex may tell the end alone, and the
    // message is met in its list afterwards.
    const ended = store.records.endedTurn(session, turnId);
    if (ended !== undefined) this.#finish(ended, null, null);
    this.#port.onChange();
    setImmediate(this.#port.onProgress);
  }

  #beforeTurnEnd(params: JsonObject): void {
    const turnId = turnOf(params).id;
    this.#port.history.cutDrafts(turnId);
    this.#port.approvals.lose("the turn ended", turnId);
  }

  #afterTurnEnd(params: JsonObject): void {
    const { onTurnEnd, turnEnding } = this.#port;
    const turn = turnOf(params);
    const status = statusOf(turn);
    this.#finish(turn, turnEnding(turn.id, status), this.turns.usage);
    this.#ending++;
    setImmediate(() => {
      this.#ending--;
      onTurnEnd(turn.id, status);
    });
  }

  /** The receipts of the messages that the turn took in. */
  #finish(turn: JsonObject, why: string | null, usage: JsonObject | null): void {
    const { inbox, store, session } = this.#port;
    const turnId = String(turn.id);
    inbox.turnEnded(turnId, {
      turnStatus: statusOf(turn) as Receipt["turnStatus"],
      text: store.records.lastAnswer(session, turnId),
      error: isObject(turn.error) ? (stringOf(turn.error.message) ?? "") : why,
      usage,
    });
  }

  #resolved(params: JsonObject): void {
    const { approvals, interrupting, onChange } = this.#port;
    const id = params.requestId;
    if (typeof id !== "number" && typeof id !== "string") return;
    approvals.resolvedElsewhere(id, interrupting());
    onChange();
  }
}

/** An end that does not say how is no good one. */
function statusOf({ status }: JsonObject): string {
  return stringOf(status) ?? "failed";
}
