/**
 * What a session is made of while something is under way in it: its history's live end, its inbox,
 * what waits for an answer, and the agent that it has. This is where the parts meet; each has its
 * own file. They are read from the store, and a session that only sleeps has none of them.
 */
import { messageOf } from "../../protocol/errors.ts";
import type { LimitsInForce } from "../../protocol/limits.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import type { ClientInfo, TurnInfo } from "../../protocol/session.ts";
import type { Agent } from "../agent/agent.ts";
import { AgentHost } from "../agent/agent-host.ts";
import type { AgentHostEvents, Arrival } from "../agent/agent-host-events.ts";
import type { ThreadOrigin } from "../agent/codex-thread.ts";
import { afterTelling } from "../agent/thread-settings.ts";
import { writtenCall } from "../agent/written-call.ts";
import { inForce } from "../limits.ts";
import { Once } from "../once.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { storing } from "../store/storing.ts";
import { Approvals } from "./approvals.ts";
import { type Arriving, arrive, depart, stall } from "./arrival.ts";
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
import { infoOf, type Shown } from "./session-view.ts";

/** The session, as far as its parts need it. */
export interface Whole {
  readonly row: Readonly<SessionRow>;
  readonly attached: ReadonlySet<ClientInfo>;
  readonly codexSocket: string | null;
  /** Whether its thread has any item. */
  readonly spoken: boolean;
  onEnd: () => void;
  onStay: () => void;
  onChange: () => void;
}

type Changing = "codexSocket" | "limits" | "panic" | "frozenSince" | "resources";

export class Parts {
  readonly row: Readonly<SessionRow>;
  readonly history: History;
  readonly inbox: Inbox;
  readonly approvals: Approvals;
  readonly runContext: RunContext;
  /** Puts its agent down and ends it. */
  readonly life: Life;
  readonly host: AgentHost;
  readonly delivery: Delivery;
  readonly recorder: Recorder;
  readonly rest: Rest;
  readonly overtime: Overtime;
  readonly #session: Whole;
  readonly #services: Services;
  readonly #goingOn: GoingOn;
  readonly #interruption: Interruption;
  /** Those that stay the same ones. */
  readonly #fixed: Omit<Shown & Arriving, Changing>;
  /** How its first agent gets the thread. */
  #firstOrigin: ThreadOrigin | undefined;
  #changed = false;
  readonly #oddities = new Once();

  /** Answers given while the agent is being joined: it may have asked again by then, and asks once. */
  readonly #unheard = new Map<RequestId, Json>();

  constructor(session: Whole, services: Services, origin: ThreadOrigin | undefined) {
    const { row } = session;
    this.row = row;
    this.#session = session;
    this.#services = services;
    this.#firstOrigin = origin;
    this.runContext = new RunContext(row, services);
    const named = { id: row.id, name: () => row.name };
    const { store, watch, onStoreError } = services;
    this.history = new History(row.id, row.seq, store, onStoreError, watch.over(row));
    const { queueBytes } = services;
    const bounded = { ...named, maxQueued: () => this.limits.maxQueued, queueBytes };
    this.inbox = new Inbox(bounded, store, this.history);
    const log = this.#log;
    this.rest = new Rest({
      session: () => this.shown,
      services,
      delivery: () => this.delivery,
      onChange: () => this.changed(),
      log,
    });
    this.overtime = new Overtime(this, services);
    this.host = new AgentHost(this.#hostEvents(), services.runtime, services.stallAfterMs);
    const asking = {
      ...named,
      agent: () => this.host.identity,
      callOf: (itemId: string) => writtenCall(row.agent, itemId),
    };
    this.approvals = new Approvals(asking, store, this.history, this.#reply);
    this.recorder = new Recorder(
      {
        session: row.id,
        store,
        history: this.history,
        inbox: this.inbox,
        approvals: this.approvals,
        threadId: () => row.threadId,
        call: (method, params) => this.host.call(method, params),
        interrupting: () => this.#interruption.running,
        onChange: () => this.changed(),
        onProgress: () => this.delivery.pump(),
        onTurnEnd: (turnId, status) => this.#turnEnded(turnId, status),
        turnEnding: (turnId, status) =>
          this.#goingOn.turnEnded(turnId, status) ?? this.overtime.reasonFor(turnId),
        onSettings: (told) => this.update(afterTelling(row.settings, told)),
        onStoreError,
        onOdd: this.#odd,
      },
      row.activeAt,
    );
    this.#interruption = new Interruption({
      session: () => infoOf(this.shown),
      threadId: () => row.threadId,
      turn: () => this.turn,
      call: (method, params) => this.life.stopTurn(method, params),
    });
    this.#goingOn = new GoingOn({
      session: row.id,
      store,
      history: this.history,
      inbox: this.inbox,
      onCrash: () => row.spec.onCrash ?? services.onCrash,
      stoppedTurn: () => row.stoppedTurn,
    });
    this.delivery = new Delivery({
      inbox: this.inbox,
      ready: () => this.host.agent !== undefined,
      wake: () => this.host.up(false),
      frozen: () => this.life.panic.frozen,
      busy: () => this.recorder.occupied,
      turnId: () => this.#turnId,
      threadId: () => row.threadId,
      call: (method, params) =>
        method === "turn/interrupt"
          ? this.life.stopTurn(method, params)
          : this.host.call(method, params),
      reconcile: () => this.recorder.reconcile(),
      onStoreError,
      log,
    });
    const { history, inbox, approvals, host, recorder, delivery, rest } = this;
    this.#fixed = {
      ...{ row, services, history, inbox, approvals, host, recorder, delivery, rest, log },
      update: this.update,
      interruption: this.#interruption,
      goingOn: this.#goingOn,
      attached: session.attached,
    };
    this.life = new Life({
      ...this.#fixed,
      runContext: this.runContext,
      shown: () => this.shown,
      turnId: () => this.#turnId,
      rouse: () => this.rouse(true),
      onEnd: () => {
        this.overtime.over();
        session.onEnd();
      },
      onStay: () => {
        this.overtime.live();
        session.onStay();
      },
    });
    this.history.feed.beforeFlush = () => this.#tellState();
  }

  #hostEvents(): AgentHostEvents {
    return {
      save: (agent) => storing(this.#services, () => this.update({ agent })),
      context: () => this.runContext.forAgent(),
      origin: () => this.#origin(),
      refusal: () => this.life.panic.refusal(),
      slot: this.rest,
      begun: () => this.inbox.inDoubt().length > 0 || this.#session.spoken,
      expected: () => this.recorder.turns.busy || this.inbox.queued > 0,
      onStall: (reason) => stall(this.shown, reason),
      onArrival: (agent, how) => this.#arrived(agent, how),
      onDisconnect: () => {
        this.recorder.hold();
        this.changed();
      },
      onDeparture: (how, reason) => depart(this.shown, how, reason),
      onNotification: (method, params, emittedAtMs) => {
        this.recorder.heard({ method, params, emittedAtMs });
        // A command in the background has ended, say.
        if (method === "item/completed" && this.#turnId === null) this.rest.again();
      },
      onRequest: (id, method, params) => this.asked(id, method, params),
      onChange: () => this.changed(),
      log: this.#log,
    };
  }

  get turn(): TurnInfo | null {
    return this.recorder.turns.turn;
  }

  get #turnId(): string | null {
    return this.turn?.id ?? null;
  }

  get limits(): LimitsInForce {
    return inForce(this.row.limits, this.#services.limits);
  }

  /** As they are at this moment. */
  get shown(): Shown & Arriving {
    const { codexSocket } = this.#session;
    const { limits, runContext } = this;
    const { panic } = this.life;
    const resources = runContext.resources();
    return { ...this.#fixed, codexSocket, limits, panic, frozenSince: panic.since, resources };
  }

  /** Gets the agent up, and waits no longer than until it is known that it stands in line for a slot. */
  async rouse(byHand: boolean): Promise<void> {
    if (this.host.agent !== undefined) return;
    await Promise.race([this.host.up(byHand), this.rest.stuck()]);
  }

  /** codex asks, by the daemon's own connection or by that of another client. */
  asked(id: RequestId, method: string, params: JsonObject): void {
    // The one question that nobody needs to be asked.
    if (method !== "currentTime/read") return this.recorder.asked(id, method, params);
    this.#reply(id, { currentTimeAt: Math.floor(Date.now() / 1000) });
  }

  readonly #reply = (id: RequestId, response: Json): void => {
    if (!this.host.reply(id, response)) this.#unheard.set(id, response);
  };

  /** Tells clients, once for all changes of this turn of the event loop. */
  changed(): void {
    this.#changed = true;
    this.host.consider();
    this.history.feed.schedule();
    this.#session.onChange();
  }

  #tellState(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.rest.look();
    this.overtime.look();
    this.history.live("session/state", { session: infoOf(this.shown) });
  }

  #origin(): ThreadOrigin {
    const { threadId } = this.row;
    if (this.#firstOrigin !== undefined) return this.#firstOrigin;
    if (threadId === null) return { kind: "new" };
    return { kind: "resume", threadId, orNew: !this.#session.spoken };
  }

  async #arrived(agent: Agent, how: Arrival): Promise<void> {
    // A new process has not asked.
    if (how !== "started")
      for (const [id, response] of this.#unheard) this.host.reply(id, response);
    this.#unheard.clear();
    const first = this.#firstOrigin !== undefined;
    this.#firstOrigin = undefined;
    await arrive(this.shown, agent, how, first);
  }

  #turnEnded(turnId: string, status: string): void {
    // A crash after a turn that went well is a new story.
    if (status === "completed") this.host.proved();
    this.#interruption.notice();
    this.delivery.turnEnded(turnId, status);
    if (this.inbox.inDoubt().length > 0) this.delivery.settleDoubts();
    else if (!this.rest.turnEnded()) this.delivery.pump();
  }

  readonly update = (changes: Partial<Omit<SessionRow, "id" | "createdAt">>): void => {
    const { store } = this.#services;
    if (Object.keys(changes).length > 0)
      store.transaction(() => {
        store.sessions.update(this.row.id, changes);
        store.assign(this.row, changes);
      });
    this.changed();
  };

  readonly #log = (message: string, details: object): void => {
    this.#services.log.warn({ session: this.row.name, ...details }, message);
  };

  readonly #odd = (what: string, error: unknown): void => {
    if (this.#oddities.first(what))
      this.#log("codex said what can't be taken in", { what, error: messageOf(error) });
  };
}
