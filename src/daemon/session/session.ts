/**
 * A named session: its spec, its thread, its history, its inbox, what waits for an answer, and
 * the agent that it has while it is awake. This is where the parts meet; each has its own file.
 *
 * Invariant: what codex sends goes through `#record` alone, one notification after the other. It
 * is stored together with what follows from it (a message delivered, a turn's end) in one
 * transaction, and clients hear of it afterwards.
 */
import { join } from "node:path";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
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
import { agentSocket } from "../agent/agent.ts";
import { AgentHost, type Arrival } from "../agent/agent-host.ts";
import { noThread, type ThreadOrigin } from "../agent/codex-thread.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { Approvals } from "./approvals.ts";
import { Delivery } from "./delivery.ts";
import { readEnvironment, writeEnvironment } from "./environment.ts";
import { History } from "./history.ts";
import { Inbox } from "./inbox.ts";
import { findMissed } from "./reconcile.ts";
import { TurnTracker } from "./turn-tracker.ts";

interface Heard {
  method: string;
  params: JsonObject;
  emittedAtMs: number | undefined;
}

const interruptTimeoutMs = 10_000;

/** What codex says again whenever it loads a thread; history has it from the first time. */
const RETOLD = new Set(["thread/tokenUsage/updated", "thread/goal/cleared", "thread/goal/updated"]);

export class Session {
  readonly id: string;
  readonly history: History;
  readonly inbox: Inbox;
  readonly approvals: Approvals;
  readonly #row: SessionRow;
  readonly #services: Services;
  readonly #host: AgentHost;
  readonly #delivery: Delivery;
  readonly #turns = new TurnTracker();
  readonly #attached = new Set<ClientInfo>();
  #origin: ThreadOrigin;
  /** What codex said while its history was being fetched; recorded after it. */
  #held: Heard[] | undefined;
  #lastHeardAt: string;
  #interrupting = false;
  #changed = false;
  readonly #turnEnds = new Set<() => void>();

  constructor(row: SessionRow, services: Services, origin?: ThreadOrigin) {
    this.id = row.id;
    this.#row = row;
    this.#services = services;
    this.#origin =
      origin ??
      (row.threadId === null ? { kind: "new" } : { kind: "resume", threadId: row.threadId });
    this.#lastHeardAt = row.activeAt;
    const named = { id: row.id, name: () => row.name };
    this.history = new History(row.id, row.seq, services.store);
    this.inbox = new Inbox(named, services.store, this.history);
    this.#host = new AgentHost({
      context: () => this.#context(),
      origin: () => this.#origin,
      inDoubt: () => this.inbox.inDoubt().length > 0,
      onArrival: (agent, how) => this.#arrived(agent, how),
      onDisconnect: () => this.#hold(),
      onDeparture: (how, reason) => this.#departed(how, reason),
      onNotification: (method, params, emittedAtMs) => this.#heard({ method, params, emittedAtMs }),
      onRequest: (id, method, params) => this.#asked(id, method, params),
      onChange: () => this.changed(),
      log: (message, details) => this.#log(message, details),
    });
    this.approvals = new Approvals(named, services.store, this.history, (id, response) =>
      this.#host.reply(id, response),
    );
    this.#delivery = new Delivery({
      inbox: this.inbox,
      ready: () => this.#host.agent !== undefined,
      bringUp: () => this.#bringUp(),
      busy: () => this.#turns.busy,
      turnId: () => this.#turns.turn?.id ?? null,
      threadId: () => this.#row.threadId,
      call: (method, params) => this.#host.call(method, params),
      reconcile: () => this.#reconcile(),
      log: (message, details) => this.#log(message, details),
    });
    this.history.feed.beforeFlush = () => this.#tellState();
  }

  get name(): string {
    return this.#row.name;
  }

  get ended(): boolean {
    return this.#row.endedAt !== null;
  }

  get threadId(): string | null {
    return this.#row.threadId;
  }

  get spec(): SessionRow["spec"] {
    return this.#row.spec;
  }

  get state(): SessionState {
    if (this.ended) return "ended";
    if (this.#host.agent !== undefined || this.#held !== undefined) {
      if (this.approvals.count > 0) return "needs-approval";
      if (this.#host.agent === undefined) return "starting";
      return this.#turns.busy ? "working" : "idle";
    }
    if (this.#host.starting) return "starting";
    return this.#host.crash === undefined ? "asleep" : "crashed";
  }

  info(): SessionInfo {
    const row = this.#row;
    return {
      name: row.name,
      id: row.id,
      state: this.state,
      cwd: row.spec.cwd,
      model: row.model ?? row.spec.model ?? null,
      provider: row.provider ?? row.spec.provider ?? null,
      threadId: row.threadId,
      agentPid: this.#host.pid,
      clients: this.#attached.size,
      approvals: this.approvals.count,
      queued: this.inbox.queued,
      seq: this.history.head,
      createdAt: row.createdAt,
      activeAt: this.#lastHeardAt,
      peer: null,
      labels: row.labels,
    };
  }

  detail(): SessionDetail {
    return {
      ...this.info(),
      spec: this.#row.spec,
      codexSocket: this.#host.agent?.row.socket ?? null,
      codexVersion: this.#host.agent?.row.codexVersion ?? null,
      turn: this.#turns.turn,
      messages: this.inbox.recent(20),
      attached: [...this.#attached],
      crash: this.#host.crash ?? null,
      usage: this.#turns.usage,
    };
  }

  /** After the daemon's start: finds the agent again, or does what is left to do without it. */
  async revive(): Promise<void> {
    const { agent, threadId } = this.#row;
    if (agent !== null) {
      this.#hold();
      if (await this.#host.adopt(agent, threadId)) return;
      this.#held = undefined;
      this.#departed("asleep", "the agent ended while no daemon ran");
    }
    // Whoever waits for the end of a turn is told it by codex's own record of the thread.
    if (this.inbox.hasOpen || this.#services.store.records.openTurns(this.id).length > 0)
      await this.wake();
  }

  async wake(): Promise<void> {
    await this.#host.up(true);
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
  async interrupt(by: Actor): Promise<string> {
    const turn = this.#turns.turn;
    if (turn === null) {
      throw new HacsError(
        "no-turn",
        `No turn runs in session "${this.name}"; it is ${this.state}.`,
        "Nothing needs to be done.",
      );
    }
    const ended = this.#turnEnd(turn.id);
    this.#interrupting = true;
    try {
      await this.#host.call("turn/interrupt", { threadId: this.#row.threadId, turnId: turn.id });
      this.history.own("session/interrupted", { turnId: turn.id, by });
      await ended;
    } finally {
      this.#interrupting = false;
    }
    return turn.id;
  }

  async sleep(force: boolean, by: Actor): Promise<void> {
    await this.#quiet(force, "put it to sleep", by);
    await this.#host.down();
  }

  async restart(force: boolean, by: Actor): Promise<void> {
    await this.#quiet(force, "restart it", by);
    await this.#host.down();
    await this.wake();
    this.#delivery.pump();
  }

  /** Ends the session for good; its history stays. Gives how many messages were never delivered. */
  async kill(by: Actor): Promise<number> {
    this.#delivery.stopped = true;
    await this.#host.down("SIGKILL");
    const cancelled = this.inbox.cancelAll();
    for (const turnId of this.inbox.unfinishedTurns()) {
      this.inbox.turnEnded(turnId, {
        turnStatus: "interrupted",
        text: null,
        error: "the session was killed",
        usage: null,
      });
    }
    this.history.own("session/ended", { by });
    this.#update({ endedAt: new Date().toISOString() });
    return cancelled;
  }

  /** Undoes a creation that failed: nothing of it stays. */
  async discard(): Promise<void> {
    this.#delivery.stopped = true;
    await this.#host.down("SIGKILL");
  }

  rename(to: string, by: Actor): void {
    const from = this.name;
    this.#services.store.transaction(() => {
      this.#update({ name: to });
      this.history.own("session/renamed", { from, to, by });
    });
  }

  /** The agent stays, for the next daemon. With `drain` one in a turn finishes it and then goes. */
  leave(drain: boolean): void {
    this.#delivery.stopped = true;
    this.#host.leave(drain);
  }

  async call(method: string, params: JsonObject): Promise<Json> {
    await this.#host.up(true);
    return this.#host.call(method, { threadId: this.#row.threadId, ...params });
  }

  updateEnvironment(env: Record<string, string>): void {
    writeEnvironment(this.#directory, env);
  }

  attach(client: ClientInfo): () => void {
    this.#attached.add(client);
    this.changed();
    return () => {
      if (this.#attached.delete(client)) this.changed();
    };
  }

  /** Tells clients, once for all changes of this turn of the event loop. */
  changed(): void {
    this.#changed = true;
    this.history.feed.schedule();
  }

  #tellState(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.history.live("session/state", { session: this.info() });
  }

  get #directory(): string {
    return join(this.#services.paths.stateDir, "sessions", this.id);
  }

  #context() {
    return {
      name: this.name,
      spec: this.#row.spec,
      env: readEnvironment(this.#directory),
      socket: agentSocket(this.#services.paths.agentsDir, this.id),
      logFile: join(this.#directory, "agent.log"),
      codex: this.#services.codex,
      programDir: this.#services.programDir,
      save: (agent: SessionRow["agent"]) => this.#update({ agent }),
    };
  }

  async #bringUp(): Promise<boolean> {
    const retryAt = this.#host.crash?.retryAt;
    if (retryAt != null && Date.parse(retryAt) > Date.now()) return false;
    try {
      await this.#host.up(false);
      return true;
    } catch {
      // It was recorded as a crash, and is tried again by and by.
      return false;
    }
  }

  async #arrived(agent: Agent, how: Arrival): Promise<void> {
    const { threadId, model, provider, active } = agent.thread;
    const since = this.#lastHeardAt;
    const isNewThread = this.#row.threadId !== threadId;
    this.#held ??= [];
    this.#update({ threadId, model, provider, agent: agent.row });
    this.#origin = { kind: "resume", threadId };
    this.#turns.reset(null, active);
    this.history.own("session/agent", {
      status: how,
      pid: agent.process.pid,
      codexVersion: agent.row.codexVersion,
      threadId,
      model,
    });
    await this.#reconcile(isNewThread ? undefined : { reason: how, since });
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const heard of held)
      if (!(how === "started" && RETOLD.has(heard.method))) this.#record(heard);
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

  /** Fetches what codex has and history has not, and says that there was a gap if there was one. */
  async #reconcile(gap?: { reason: string; since: string }): Promise<void> {
    const threadId = this.#row.threadId;
    if (threadId === null) throw noThread("");
    const call = (method: string, params: JsonObject) => this.#host.call(method, params);
    const { missed, unfinished, running } = await this.#findMissed(call, threadId);
    this.#services.store.transaction(() => {
      const recovered = missed.filter((one) => one.method === "item/completed").length;
      if (gap !== undefined && recovered > 0)
        this.history.own("session/gap", { ...gap, recovered });
      for (const { method, params, atMs } of missed)
        this.#take({ method, params, emittedAtMs: atMs });
    });
    for (const item of unfinished) this.history.drafts.begin(item);
    if (running !== null) {
      this.#turns.reset(
        { id: running.id, startedAt: new Date(running.startedAtMs).toISOString() },
        true,
      );
    }
  }

  async #findMissed(call: (method: string, params: JsonObject) => Promise<Json>, threadId: string) {
    try {
      return await findMissed(call, threadId, this.id, this.#services.store);
    } catch (error) {
      // A thread that has had no turn can't be listed, and has nothing to list.
      if (/not materialized|no rollout|before first user message/i.test(String(error))) {
        return { missed: [], unfinished: [], running: null };
      }
      throw error;
    }
  }

  #hold(): void {
    this.#held ??= [];
    this.changed();
  }

  #departed(how: "asleep" | "crashed", reason: string | undefined): void {
    this.#held = undefined;
    this.#turns.reset(null, false);
    this.#services.store.transaction(() => {
      this.history.cutDrafts();
      this.approvals.lose("the agent that asked is gone");
      this.history.own("session/agent", {
        status: how,
        pid: null,
        codexVersion: null,
        threadId: this.#row.threadId,
        model: this.#row.model,
        ...(reason === undefined ? {} : { reason }),
      });
    });
    for (const end of [...this.#turnEnds]) end();
    this.changed();
    if (how === "crashed") this.#log("the agent crashed", { reason });
  }

  #heard(heard: Heard): void {
    if (this.#held === undefined) this.#record(heard);
    else this.#held.push(heard);
  }

  #record(heard: Heard): void {
    try {
      this.#services.store.transaction(() => this.#take(heard));
    } catch (error) {
      this.#services.onStoreError(error);
    }
  }

  /** A notification of codex's with all that follows from it. */
  #take({ method, params, emittedAtMs }: Heard): void {
    const own = params.threadId === undefined || params.threadId === this.#row.threadId;
    if (own && method === "turn/completed") this.#beforeTurnEnd(params);
    if (own && method === "item/completed") this.#beforeItem(params);
    if (!this.history.codex(method, params, emittedAtMs)) return;
    this.#lastHeardAt = new Date(emittedAtMs ?? Date.now()).toISOString();
    if (!own) return;
    if (this.#turns.notice(method, params)) this.changed();
    if (method === "item/completed") this.#afterItem(params);
    else if (method === "turn/completed") this.#afterTurnEnd(params);
    else if (method === "serverRequest/resolved") this.#resolved(params);
    else if (method === "thread/status/changed" && !this.#turns.busy)
      setImmediate(() => this.#delivery.pump());
  }

  /** A message that joins a turn cuts off the answer in progress, which codex then forgets. */
  #beforeItem(params: JsonObject): void {
    if (!isObject(params.item) || params.item.type !== "userMessage") return;
    for (const draft of this.history.drafts.all()) {
      if (draft.turnId !== params.turnId || draft.item?.type !== "agentMessage") continue;
      if (Object.keys(draft.fields).length > 0) this.history.cutDraft(draft);
    }
  }

  #afterItem(params: JsonObject): void {
    const item = params.item as JsonObject;
    if (item.type !== "userMessage" || typeof item.clientId !== "string") return;
    this.inbox.delivered(item.clientId, String(params.turnId));
    this.changed();
    setImmediate(() => this.#delivery.pump());
  }

  #beforeTurnEnd(params: JsonObject): void {
    const turnId = String((params.turn as JsonObject).id);
    this.history.cutDrafts(turnId);
    this.approvals.lose("the turn ended", turnId);
  }

  #afterTurnEnd(params: JsonObject): void {
    const turn = params.turn as JsonObject;
    const turnId = String(turn.id);
    this.inbox.turnEnded(turnId, {
      turnStatus: turn.status as Receipt["turnStatus"],
      text: this.#services.store.records.lastAnswer(this.id, turnId),
      error: isObject(turn.error) ? String(turn.error.message ?? "") : null,
      usage: this.#turns.usage,
    });
    setImmediate(() => {
      for (const end of [...this.#turnEnds]) end();
      if (this.inbox.inDoubt().length > 0) this.#delivery.settleDoubts();
      else this.#delivery.pump();
    });
  }

  #asked(id: number | string, method: string, params: JsonObject): void {
    // The one question that nobody needs to be asked.
    if (method === "currentTime/read")
      return this.#host.reply(id, { currentTimeAt: Math.floor(Date.now() / 1000) });
    try {
      this.approvals.requested(id, method, params);
    } catch (error) {
      this.#services.onStoreError(error);
    }
    this.changed();
  }

  #resolved(params: JsonObject): void {
    const id = params.requestId;
    if (typeof id !== "number" && typeof id !== "string") return;
    this.approvals.resolvedElsewhere(id, this.#interrupting);
    this.changed();
  }

  /** Resolves when the turn is over, or its agent gone. */
  #turnEnd(turnId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#turnEnds.delete(check);
        reject(
          new HacsError(
            "timed-out",
            `The turn did not end within ${interruptTimeoutMs / 1000} s.`,
            `End its agent with: hacs-session restart --force ${this.name}`,
          ),
        );
      }, interruptTimeoutMs);
      const check = () => {
        if (this.#turns.turn?.id === turnId) return;
        this.#turnEnds.delete(check);
        clearTimeout(timer);
        resolve();
      };
      this.#turnEnds.add(check);
    });
  }

  async #quiet(force: boolean, action: string, by: Actor): Promise<void> {
    const { state } = this;
    if (state !== "working" && state !== "needs-approval") return;
    if (!force) {
      throw new HacsError(
        "session-busy",
        `Session "${this.name}" is ${state}, and to ${action} would cut its turn off.`,
        "Wait for it (hacs-session wait NAME), or give --force to interrupt it first.",
      );
    }
    await this.interrupt(by).catch((error) =>
      this.#log("interrupting failed", { error: String(error) }),
    );
  }

  #update(changes: Partial<Omit<SessionRow, "id" | "createdAt">>): void {
    this.#services.store.sessions.update(this.id, changes);
    Object.assign(this.#row, changes);
    this.changed();
  }

  #log(message: string, details: object): void {
    this.#services.log.warn({ session: this.name, ...details }, message);
  }
}
