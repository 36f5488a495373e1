/**
 * A named session: its spec, its thread, its history, its inbox, what waits for an answer, and
 * the agent that it has while it is awake. This is where the parts meet; each has its own file.
 */
import type { SessionActivity } from "../../protocol/activity.ts";
import type { Limits, LimitsInForce } from "../../protocol/limits.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import type {
  Actor,
  Answer,
  ApprovalDetail,
  ClientInfo,
  MessageContent,
  Receipt,
  RunChanges,
  SendMode,
  SessionDetail,
  SessionInfo,
  SessionState,
  TurnInfo,
} from "../../protocol/session.ts";
import type { Agent } from "../agent/agent.ts";
import { AgentHost } from "../agent/agent-host.ts";
import type { AgentHostEvents, Arrival } from "../agent/agent-host-events.ts";
import type { ThreadOrigin } from "../agent/codex-thread.ts";
import { respec } from "../agent/resources.ts";
import { afterTelling } from "../agent/thread-settings.ts";
import { changed, inForce } from "../limits.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { storing } from "../store/storing.ts";
import { Approvals } from "./approvals.ts";
import { type Arriving, arrive, depart, revive, stall } from "./arrival.ts";
import { Delivery } from "./delivery.ts";
import { GoingOn } from "./going-on.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import { Interruption } from "./interruption.ts";
import { Life } from "./life.ts";
import { Overtime } from "./overtime.ts";
import { Recorder } from "./recorder.ts";
import { Rest } from "./rest.ts";
import { RunContext } from "./run-context.ts";
import { activityOf, detailOf, infoOf, type Shown, stateOf } from "./session-view.ts";

type Changing = "codexSocket" | "limits" | "panic" | "frozenSince" | "resources";

export class Session {
  readonly id: string;
  readonly history: History;
  readonly inbox: Inbox;
  readonly approvals: Approvals;
  readonly runContext: RunContext;
  /** Puts its agent down and ends it. */
  readonly life: Life;
  /** As it is stored; changed by `#update` alone. */
  readonly row: Readonly<SessionRow>;
  readonly #services: Services;
  readonly #host: AgentHost;
  readonly #delivery: Delivery;
  readonly #recorder: Recorder;
  readonly #goingOn: GoingOn;
  readonly #rest: Rest;
  readonly #overtime: Overtime;
  readonly attached = new Set<ClientInfo>();
  /** The parts that stay the same ones. */
  readonly #fixed: Omit<Shown & Arriving, Changing>;
  /** How its first agent gets the thread. */
  #firstOrigin: ThreadOrigin | undefined;
  readonly #interruption: Interruption;
  /** Where it speaks codex's own protocol. */
  codexSocket: string | null = null;
  /** It is about to end for good. */
  onEnd: () => void = () => {};
  /** Something of it changed that shows. */
  onChange: () => void = () => {};
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
    const bounded = { ...named, maxQueued: () => this.limits.maxQueued };
    this.inbox = new Inbox(bounded, store, this.history);
    const log = this.#log;
    this.#rest = new Rest({
      session: () => this.#parts,
      services,
      delivery: () => this.#delivery,
      onChange: () => this.changed(),
      log,
    });
    this.#overtime = new Overtime(this, services);
    const host: AgentHostEvents = {
      save: (agent) => storing(services, () => this.#update({ agent })),
      context: () => this.runContext.forAgent(),
      origin: () => this.#origin(),
      refusal: () => this.life.panic.refusal(),
      slot: this.#rest,
      inDoubt: () => this.inbox.inDoubt().length > 0,
      expected: () => this.#recorder.turns.busy || this.inbox.queued > 0,
      onStall: (reason) => stall(this.#parts, reason),
      onArrival: (agent, how) => this.#arrived(agent, how),
      onDisconnect: () => {
        this.#recorder.hold();
        this.changed();
      },
      onDeparture: (how, reason) => depart(this.#parts, how, reason),
      onNotification: (method, params, emittedAtMs) => {
        this.#recorder.heard({ method, params, emittedAtMs });
        // A command in the background has ended, say.
        if (method === "item/completed" && this.turnId === null) this.#rest.again();
      },
      onRequest: (id, method, params) => this.asked(id, method, params),
      onChange: () => this.changed(),
      log,
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
        turnEnding: (turnId, status) =>
          this.#goingOn.turnEnded(turnId, status) ?? this.#overtime.reasonFor(turnId),
        onSettings: (told) => this.#update(afterTelling(this.row.settings, told)),
        onStoreError: services.onStoreError,
      },
      row.activeAt,
    );
    this.#interruption = new Interruption({
      session: () => this.info(),
      threadId: () => row.threadId,
      turn: () => this.turn,
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
      wake: () => this.wake(false),
      frozen: () => this.life.panic.frozen,
      busy: () => this.#recorder.turns.busy,
      turnId: () => this.turnId,
      threadId: () => this.row.threadId,
      call: (method, params) =>
        method === "turn/interrupt"
          ? this.life.stopTurn(method, params)
          : this.#host.call(method, params),
      reconcile: () => this.#recorder.reconcile(),
      onStoreError,
      log,
    });
    const { history, inbox, approvals } = this;
    this.#fixed = {
      ...{ row, services, history, inbox, approvals, log, update: this.#update },
      host: this.#host,
      recorder: this.#recorder,
      delivery: this.#delivery,
      interruption: this.#interruption,
      goingOn: this.#goingOn,
      rest: this.#rest,
      attached: this.attached,
    };
    this.life = new Life({
      ...this.#fixed,
      runContext: this.runContext,
      shown: () => this.#parts,
      turnId: () => this.turnId,
      rouse: () => this.rouse(),
      onEnd: () => {
        this.#overtime.over();
        this.onEnd();
      },
    });
    this.history.feed.beforeFlush = () => this.#tellState();
  }

  get name(): string {
    return this.row.name;
  }

  get turn(): TurnInfo | null {
    return this.#recorder.turns.turn;
  }

  get turnId(): string | null {
    return this.turn?.id ?? null;
  }

  get ended(): boolean {
    return this.row.endedAt !== null;
  }

  /** Whether its thread has any item. */
  get spoken(): boolean {
    return this.#services.store.records.hasItems(this.id);
  }

  get limits(): LimitsInForce {
    return inForce(this.row.limits, this.#services.limits);
  }

  get state(): SessionState {
    return stateOf(this.#parts);
  }

  info(): SessionInfo {
    return infoOf(this.#parts);
  }

  detail(): SessionDetail {
    return detailOf(this.#parts);
  }

  activity(): SessionActivity {
    return activityOf(this.#parts);
  }

  get #parts(): Shown & Arriving {
    const { codexSocket, limits, runContext } = this;
    const { panic } = this.life;
    const resources = runContext.resources();
    return { ...this.#fixed, codexSocket, limits, panic, frozenSince: panic.since, resources };
  }

  /** After the daemon's start: finds the agent again, or does what is left to do without it. */
  async revive(): Promise<void> {
    this.#overtime.live();
    if (await revive(this.#parts, this.spoken)) await this.wake();
  }

  /** Gives the agent, started if need be. Not by hand, one that crashed is not tried too soon. */
  wake(byHand = true): Promise<Agent> {
    return this.#host.up(byHand);
  }

  /** The same, and no longer than until it is known that it stands in line for a slot. */
  async rouse(byHand = true): Promise<void> {
    if (this.#host.agent !== undefined) return;
    await Promise.race([this.wake(byHand), this.#rest.stuck()]);
  }

  /** Keeps its agent awake until what is returned is called. */
  use(): () => void {
    return this.#rest.use();
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

  /** It has its agent and its thread, or waits for a slot: from here on others may speak to it. */
  created(): void {
    this.#services.store.durably(() => this.#update({ ready: true }));
    this.#overtime.live();
  }

  /** What is left out stays as it is. The time to live counts from now. */
  limit(changes: Limits): void {
    this.#update(changed(this.row.limits, changes, this.#services.limits));
    this.#overtime.live();
    this.#rest.again();
  }

  /** Of a crash it counts at once, of what the agent may take from its next start. */
  rerun(changes: RunChanges): void {
    this.#update({ spec: respec(this.row.spec, changes) });
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
    const done = this.use();
    try {
      await this.#host.up(true);
      return await this.#host.call(method, { threadId: this.row.threadId, ...params });
    } finally {
      done();
    }
  }

  attach(client: ClientInfo): () => void {
    this.attached.add(client);
    this.changed();
    return () => void (this.attached.delete(client) && this.changed());
  }

  /** Tells clients, once for all changes of this turn of the event loop. */
  changed(): void {
    this.#changed = true;
    this.#host.consider();
    this.history.feed.schedule();
    this.onChange();
  }

  #tellState(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#rest.look();
    this.#overtime.look();
    this.history.live("session/state", { session: this.info() });
  }

  #origin(): ThreadOrigin {
    const { threadId } = this.row;
    if (this.#firstOrigin !== undefined) return this.#firstOrigin;
    return threadId === null ? { kind: "new" } : { kind: "resume", threadId, orNew: !this.spoken };
  }

  async #arrived(agent: Agent, how: Arrival): Promise<void> {
    const first = this.#firstOrigin !== undefined;
    this.#firstOrigin = undefined;
    await arrive(this.#parts, agent, how, first);
  }

  /** codex asks, by the daemon's own connection or by that of another client. */
  asked(id: RequestId, method: string, params: JsonObject): void {
    // The one question that nobody needs to be asked.
    if (method !== "currentTime/read") return this.#recorder.asked(id, method, params);
    this.#host.reply(id, { currentTimeAt: Math.floor(Date.now() / 1000) });
  }

  #turnEnded(turnId: string, status: string): void {
    // A crash after a turn that went well is a new story.
    if (status === "completed") this.#host.proved();
    this.#interruption.notice();
    this.#delivery.turnEnded(turnId, status);
    if (this.inbox.inDoubt().length > 0) this.#delivery.settleDoubts();
    else if (!this.#rest.turnEnded()) this.#delivery.pump();
  }

  readonly #update = (changes: Partial<Omit<SessionRow, "id" | "createdAt">>): void => {
    this.#services.store.sessions.update(this.id, changes);
    Object.assign(this.row, changes);
    this.changed();
  };

  readonly #log = (message: string, details: object): void => {
    this.#services.log.warn({ session: this.name, ...details }, message);
  };
}
