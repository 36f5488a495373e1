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
import { AgentHost, type Arrival } from "../agent/agent-host.ts";
import type { ThreadOrigin } from "../agent/codex-thread.ts";
import { afterOpening, afterTelling } from "../agent/thread-settings.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { Approvals } from "./approvals.ts";
import { Delivery } from "./delivery.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import { Interruption } from "./interruption.ts";
import { forcedInterruptMs, mustStop, type PuttingDown } from "./put-down.ts";
import { Recorder } from "./recorder.ts";
import { RunContext } from "./run-context.ts";
import { activityOf, detailOf, infoOf, type Shown, stateOf } from "./session-view.ts";

export class Session {
  readonly id: string;
  readonly history: History;
  readonly inbox: Inbox;
  readonly approvals: Approvals;
  readonly runContext: RunContext;
  /** As it is stored; changed by `#update` alone. */
  readonly row: Readonly<SessionRow>;
  readonly #services: Services;
  readonly #host: AgentHost;
  readonly #delivery: Delivery;
  readonly #recorder: Recorder;
  readonly attached = new Set<ClientInfo>();
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
  #killing: Promise<number> | undefined;

  constructor(row: SessionRow, services: Services, origin?: ThreadOrigin) {
    this.id = row.id;
    this.row = row;
    this.#services = services;
    this.#firstOrigin = origin;
    this.runContext = new RunContext(row, services);
    const named = { id: row.id, name: () => row.name };
    this.history = new History(row.id, row.seq, services.store, services.onStoreError);
    this.inbox = new Inbox(named, services.store, this.history);
    this.#host = new AgentHost({
      save: (agent) => this.#update({ agent }),
      context: () => this.runContext.forAgent(),
      origin: () => this.#origin(),
      inDoubt: () => this.inbox.inDoubt().length > 0,
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
    });
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
        onSettings: (told) => this.#update(afterTelling(this.row.settings, told)),
        onStoreError: services.onStoreError,
      },
      row.activeAt,
    );
    this.#interruption = new Interruption({
      session: () => this.info(),
      threadId: () => row.threadId,
      turn: () => this.#recorder.turns.turn,
      call: (method, params) => this.#host.call(method, params),
    });
    this.#delivery = new Delivery({
      inbox: this.inbox,
      ready: () => this.#host.agent !== undefined,
      bringUp: () => this.#bringUp(),
      busy: () => this.#recorder.turns.busy,
      turnId: () => this.turnId,
      threadId: () => this.row.threadId,
      call: (method, params) => this.#host.call(method, params),
      reconcile: () => this.#recorder.reconcile(),
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
    const { row, history, inbox, approvals, attached, codexSocket } = this;
    const [host, recorder] = [this.#host, this.#recorder];
    return { row, host, history, inbox, approvals, recorder, attached, codexSocket };
  }

  /** After the daemon's start: finds the agent again, or does what is left to do without it. */
  async revive(): Promise<void> {
    const { agent, threadId } = this.row;
    if (agent !== null) {
      this.#recorder.hold();
      this.changed();
      if (await this.#host.adopt(agent, threadId)) return;
      this.#departed("asleep", "the agent ended while no daemon ran");
    }
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

  /** Stops the running turn and resolves when it has ended. What is queued goes on after it. */
  async interrupt(by: Actor, timeoutMs?: number): Promise<string> {
    const turnId = this.#interruption.target().id;
    const onAsked = () => void this.history.own("session/interrupted", { turnId, by });
    await this.#interruption.stop(turnId, onAsked, timeoutMs);
    return turnId;
  }

  async sleep(force: boolean, by: Actor): Promise<void> {
    const { queued } = this.inbox;
    await this.#putDown(by, { force, action: "put it to sleep", lasting: true });
    // A message that came meanwhile wakes it, as one that comes later would.
    if (this.inbox.queued > queued) this.#delivery.pump();
  }

  async restart(force: boolean, by: Actor, reason?: string): Promise<void> {
    await this.#putDown(by, { force, action: "restart it", lasting: false, reason });
    await this.wake();
    this.#delivery.pump();
  }

  /** Ends the session for good; its history stays. Gives how many messages were never delivered. */
  kill(by: Actor): Promise<number> {
    this.#killing ??= this.#kill(by);
    return this.#killing;
  }

  async #kill(by: Actor): Promise<number> {
    this.#delivery.stopped = true;
    this.onEnd();
    await this.#host.close();
    return this.#services.store.transaction(() => {
      const cancelled = this.inbox.close();
      this.history.own("session/ended", { by });
      this.#update({ endedAt: new Date().toISOString() });
      return cancelled;
    });
  }

  /** It has its agent and its thread: from here on others may speak to it. */
  created(): void {
    this.#update({ ready: true });
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
    this.attached.add(client);
    this.changed();
    return () => void (this.attached.delete(client) && this.changed());
  }

  /** Tells clients, once for all changes of this turn of the event loop. */
  changed(): void {
    this.#changed = true;
    this.history.feed.schedule();
    this.onChange();
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
    this.history.own("session/agent", {
      status: how,
      pid: agent.process.pid,
      codexVersion: agent.row.codexVersion,
      threadId,
      model,
    });
    const gap = isFirst ? undefined : { reason: how, since };
    await this.#recorder.reconcile(gap, how !== "started");
    this.#recorder.resume(how === "started");
    if (how === "started") {
      this.approvals.lose("the agent that asked is gone");
      this.#delivery.settleDoubtsAfterStart();
    } else {
      // Questions that still wait are asked again; the others were settled while we were away.
      if (!agent.thread.waiting) this.approvals.lose("it was settled while the daemon was away");
      this.#delivery.settleDoubts();
    }
    this.changed();
    setImmediate(() => this.#delivery.pump());
  }

  #departed(how: "asleep" | "crashed", reason: string | undefined): void {
    this.#services.store.transaction(() => {
      this.#recorder.gone();
      this.history.own("session/agent", {
        status: how,
        pid: null,
        codexVersion: null,
        threadId: this.row.threadId,
        model: this.row.model,
        ...(reason === undefined ? {} : { reason }),
      });
    });
    this.#interruption.notice();
    this.changed();
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

  /** What is queued stays queued meanwhile: the next turn would be cut off as it begins. */
  async #putDown(by: Actor, how: PuttingDown): Promise<void> {
    this.#delivery.held = true;
    try {
      if (mustStop(this.#shown, how))
        await this.interrupt(by, forcedInterruptMs).catch((error) =>
          this.#log("interrupting failed", { error: String(error) }),
        );
      const signal = how.force && this.#host.unreached ? "SIGKILL" : "SIGTERM";
      await this.#host.down(signal, how.reason);
    } finally {
      this.#delivery.held = false;
    }
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
