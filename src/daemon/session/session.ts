/**
 * A named session: its spec, its thread, its history, its inbox, what waits for an answer, and
 * the agent that it has while it is awake. This is where the parts meet; each has its own file.
 */
import type { SessionActivity } from "../../protocol/activity.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import type {
  Actor,
  Answer,
  ApprovalDetail,
  ClientInfo,
  MessageContent,
  Receipt,
  SendMode,
  SessionDetail,
  SessionInfo,
  SessionState,
} from "../../protocol/session.ts";
import type { Agent } from "../agent/agent.ts";
import { AgentHost, type AgentHostEvents, type Arrival } from "../agent/agent-host.ts";
import type { ThreadOrigin } from "../agent/codex-thread.ts";
import { afterOpening, afterTelling } from "../agent/thread-settings.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { storing } from "../store/storing.ts";
import { agentRecord } from "./agent-record.ts";
import { Approvals } from "./approvals.ts";
import { Delivery } from "./delivery.ts";
import { GoingOn } from "./going-on.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import { Interruption } from "./interruption.ts";
import { Life } from "./life.ts";
import { Recorder } from "./recorder.ts";
import { RunContext } from "./run-context.ts";
import { activityOf, detailOf, infoOf, type Shown, stateOf } from "./session-view.ts";

export class Session {
  readonly id: string;
  readonly history: History;
  readonly inbox: Inbox;
  readonly approvals: Approvals;
  readonly runContext: RunContext;
  /** How its agent is put down, and it ends. */
  readonly life: Life;
  /** As it is stored; changed by `#update` alone. */
  readonly row: Readonly<SessionRow>;
  readonly #services: Services;
  readonly #host: AgentHost;
  readonly #delivery: Delivery;
  readonly #recorder: Recorder;
  readonly #goingOn: GoingOn;
  readonly #attached = new Set<ClientInfo>();
  /** How its first agent gets the thread. */
  #firstOrigin: ThreadOrigin | undefined;
  readonly #interruption: Interruption;
  /** Where it speaks codex's own protocol. */
  codexSocket: string | null = null;
  /** It is about to end for good. */
  onEnd: () => void = () => {};
  #changed = false;

  constructor(row: SessionRow, services: Services, origin?: ThreadOrigin) {
    this.id = row.id;
    this.row = row;
    this.#services = services;
    this.#firstOrigin = origin;
    this.runContext = new RunContext(row, services);
    const named = { id: row.id, name: () => row.name };
    const { store, watch, onStoreError } = services;
    this.history = new History(row.id, row.seq, store, onStoreError, watch.over(row));
    this.inbox = new Inbox(named, services.store, this.history);
    const host: AgentHostEvents = {
      save: (agent) => storing(services, () => this.#update({ agent })),
      context: () => this.runContext.forAgent(),
      origin: () => this.#origin(),
      refusal: () => this.life.panic.refusal(),
      inDoubt: () => this.inbox.inDoubt().length > 0,
      expected: () => this.#recorder.turns.busy || this.inbox.queued > 0,
      onStall: (reason) => this.#stalled(reason),
      onArrival: (agent, how) => this.#arrived(agent, how),
      onDisconnect: () => {
        this.#recorder.hold();
        this.changed();
      },
      onDeparture: (how, reason) => this.#departed(how, reason),
      onNotification: (method, params, emittedAtMs) =>
        this.#recorder.heard({ method, params, emittedAtMs }),
      onRequest: (id, method, params) => this.asked(id, method, params),
      onChange: () => this.changed(),
      log: (message, details) => this.#log(message, details),
    };
    this.#host = new AgentHost(host, services.runtime, services.stallAfterMs);
    const asking = { ...named, agent: () => this.#host.identity };
    this.approvals = new Approvals(asking, services.store, this.history, (id, response) =>
      this.#host.reply(id, response),
    );
    this.#recorder = new Recorder(
      {
        session: row.id,
        store: services.store,
        history: this.history,
        inbox: this.inbox,
        approvals: this.approvals,
        threadId: () => row.threadId,
        call: (method, params) => this.#host.call(method, params),
        interrupting: () => this.#interruption.running,
        onChange: () => this.changed(),
        onProgress: () => this.#delivery.pump(),
        onTurnEnd: (turnId, status) => this.#turnEnded(turnId, status),
        turnEnding: (turnId, status) => this.#goingOn.turnEnded(turnId, status),
        onSettings: (told) => this.#update(afterTelling(this.row.settings, told)),
        onStoreError: services.onStoreError,
      },
      row.activeAt,
    );
    this.#interruption = new Interruption({
      session: () => this.info(),
      threadId: () => row.threadId,
      turn: () => this.#recorder.turns.turn,
      call: (method, params) => this.life.stopTurn(method, params),
    });
    this.#goingOn = new GoingOn({
      session: row.id,
      store: services.store,
      history: this.history,
      inbox: this.inbox,
      onCrash: () => row.spec.onCrash ?? services.onCrash,
      stoppedTurn: () => row.stoppedTurn,
    });
    this.#delivery = new Delivery({
      inbox: this.inbox,
      ready: () => this.#host.agent !== undefined,
      bringUp: () => this.#bringUp(),
      frozen: () => this.life.panic.frozen,
      busy: () => this.#recorder.turns.busy,
      turnId: () => this.turnId,
      threadId: () => this.row.threadId,
      call: (method, params) =>
        method === "turn/interrupt"
          ? this.life.stopTurn(method, params)
          : this.#host.call(method, params),
      reconcile: () => this.#recorder.reconcile(),
      onStoreError: services.onStoreError,
      log: (message, details) => this.#log(message, details),
    });
    this.life = new Life({
      row,
      services,
      host: this.#host,
      delivery: this.#delivery,
      inbox: this.inbox,
      history: this.history,
      runContext: this.runContext,
      interruption: this.#interruption,
      shown: () => this.#shown,
      turnId: () => this.turnId,
      update: (changes) => this.#update(changes),
      onEnd: () => this.onEnd(),
      log: (message, details) => this.#log(message, details),
    });
    this.history.feed.beforeFlush = () => this.#tellState();
  }

  get name(): string {
    return this.row.name;
  }

  get turnId(): string | null {
    return this.#recorder.turns.turn?.id ?? null;
  }

  get ended(): boolean {
    return this.row.endedAt !== null;
  }

  /** Whether its thread has any item. */
  get spoken(): boolean {
    return this.#services.store.records.hasItems(this.id);
  }

  get state(): SessionState {
    return stateOf(this.#shown);
  }

  info(): SessionInfo {
    return infoOf(this.#shown);
  }

  detail(): SessionDetail {
    return detailOf(this.#shown);
  }

  activity(): SessionActivity {
    return activityOf(this.#shown);
  }

  get #shown(): Shown {
    const { history, inbox, approvals } = this;
    const { row, codexSocket } = this;
    const [host, recorder, attached] = [this.#host, this.#recorder, this.#attached];
    const [frozenSince, limits] = [this.life.panic.since, this.runContext.limits()];
    const parts = { row, host, history, inbox, approvals, recorder, attached };
    return { ...parts, codexSocket, frozenSince, limits };
  }

  /** After the daemon's start: finds the agent again, or does what is left to do without it. */
  async revive(): Promise<void> {
    await this.life.panic.resume();
    const { agent, threadId } = this.row;
    if (agent !== null) {
      this.#recorder.hold();
      this.changed();
      if (await this.#host.adopt(agent, threadId)) return;
      this.#departed("asleep", "the agent ended while no daemon ran");
    }
    if (this.life.panic.frozen) return;
    // Whoever waits for the end of a turn is told it by codex's own record of the thread.
    // A turn of a thread that codex never stored has no end to be told.
    const { records } = this.#services.store;
    if (this.inbox.hasOpen || (this.spoken && records.openTurns(this.id).length > 0))
      await this.wake();
  }

  /** Gives the agent, started if need be. Not by hand, one that crashed is not tried too soon. */
  wake(byHand = true): Promise<Agent> {
    return this.#host.up(byHand);
  }

  send(content: MessageContent, mode: SendMode, id: string | undefined, by: Actor): Receipt {
    const receipt = this.inbox.accept(content, mode, id, by);
    this.changed();
    this.#delivery.pump();
    return receipt;
  }

  answer(
    id: string | undefined,
    answer: Answer,
    by: Actor,
  ): { approval: ApprovalDetail; decision: string } {
    const result = this.approvals.answer(id, answer, by);
    this.changed();
    return result;
  }

  /** It has its agent and its thread: from here on others may speak to it. */
  created(): void {
    this.#services.store.durably(() => this.#update({ ready: true }));
  }

  /** Undoes a creation that failed: nothing of it stays. */
  async discard(): Promise<void> {
    this.#delivery.stopped = true;
    await this.#host.close(this.row.agent);
  }

  rename(to: string, by: Actor): void {
    const from = this.name;
    this.#services.store.transaction(() => {
      this.#update({ name: to });
      this.history.own("session/renamed", { from, to, by });
    });
  }

  /** The agent stays, for the next daemon. */
  leave(): void {
    this.#delivery.stopped = true;
    this.#host.leave();
  }

  async call(method: string, params: JsonObject): Promise<Json> {
    await this.#host.up(true);
    return this.#host.call(method, { threadId: this.row.threadId, ...params });
  }

  attach(client: ClientInfo): () => void {
    this.#attached.add(client);
    this.changed();
    return () => void (this.#attached.delete(client) && this.changed());
  }

  /** Tells clients, once for all changes of this turn of the event loop. */
  changed(): void {
    this.#changed = true;
    this.#host.consider();
    this.history.feed.schedule();
  }

  #tellState(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.history.live("session/state", { session: this.info() });
  }

  async #bringUp(): Promise<boolean> {
    try {
      await this.wake(false);
      return true;
    } catch {
      // It is recorded as a crash, and is tried again by and by.
      return false;
    }
  }

  #origin(): ThreadOrigin {
    const { threadId } = this.row;
    if (this.#firstOrigin !== undefined) return this.#firstOrigin;
    return threadId === null ? { kind: "new" } : { kind: "resume", threadId, orNew: !this.spoken };
  }

  async #arrived(agent: Agent, how: Arrival): Promise<void> {
    const { threadId, model, provider, active } = agent.thread;
    const since = this.#recorder.lastHeardAt;
    const isFirst = this.#firstOrigin !== undefined || this.row.threadId !== threadId;
    this.#recorder.hold();
    const settings = afterOpening(this.row.settings, agent.thread.settings, how === "started");
    this.#update({ threadId, model, provider, agent: agent.row, settings });
    this.#firstOrigin = undefined;
    this.#recorder.turns.reset(null, active);
    this.history.own("session/agent", agentRecord(how, this.row, { agent }));
    const gap = isFirst ? undefined : { reason: how, since };
    await this.#goingOn.whileLevelling(isFirst, () =>
      this.#recorder.reconcile(gap, how !== "started"),
    );
    this.#recorder.resume(how === "started");
    if (how === "started") {
      this.approvals.lose("the agent that asked is gone");
      this.#delivery.settleDoubtsAfterStart();
    } else {
      // Questions that still wait are asked again; the others were settled while we were away.
      if (!agent.thread.waiting) this.approvals.lose("it was settled while the daemon was away");
      setImmediate(() => this.#delivery.settleDoubts());
    }
    this.changed();
    setImmediate(() => this.#delivery.pump());
  }

  #stalled(reason: string | undefined): void {
    const status = reason === undefined ? "answers" : "stalled";
    const pid = this.#host.pid;
    this.history.own("session/agent", { ...agentRecord(status, this.row, { reason }), pid });
    this.changed();
  }

  #departed(how: "asleep" | "crashed", reason: string | undefined): void {
    const turnId = how === "crashed" ? this.turnId : null;
    storing(this.#services, () => {
      this.#recorder.gone();
      this.history.own("session/agent", agentRecord(how, this.row, { reason, turnId }));
    });
    this.#interruption.notice();
    this.changed();
    // It may have been said past a daemon that hung, as it is on the disk.
    this.life.panic.resume().catch((error) => this.#log("a panic failed", { error }));
    if (how === "crashed") this.#log("the agent crashed", { reason });
  }

  /** codex asks, by the daemon's own connection or by that of another client. */
  asked(id: RequestId, method: string, params: JsonObject): void {
    // The one question that nobody needs to be asked.
    if (method === "currentTime/read") {
      this.#host.reply(id, { currentTimeAt: Math.floor(Date.now() / 1000) });
    } else {
      this.#recorder.asked(id, method, params);
    }
  }

  #turnEnded(turnId: string, status: string): void {
    // A crash after a turn that went well is a new story.
    if (status === "completed") this.#host.proved();
    this.#interruption.notice();
    this.#delivery.turnEnded(turnId, status);
    if (this.inbox.inDoubt().length > 0) this.#delivery.settleDoubts();
    else this.#delivery.pump();
  }

  #update(changes: Partial<Omit<SessionRow, "id" | "createdAt">>): void {
    this.#services.store.sessions.update(this.id, changes);
    Object.assign(this.row, changes);
    this.changed();
  }

  #log(message: string, details: object): void {
    this.#services.log.warn({ session: this.name, ...details }, message);
  }
}
