/**
 * Keeps a session's agent: starts it, adopts it, joins it again when the connection breaks,
 * starts it again when it crashed, and stops it. One thing at a time: every change of the
 * agent's life waits for the one before it.
 */
import { messageOf } from "../../protocol/errors.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import { removeCgroup } from "../../system/confinement.ts";
import { sleep } from "../../system/sleep.ts";
import { Once } from "../once.ts";
import { inTime } from "../patience.ts";
import type { AgentRow } from "../store/session-table.ts";
import { Agent, type AgentContext } from "./agent.ts";
import type { AgentHostEvents, Arrival, Crash } from "./agent-host-events.ts";
import { restoreSocket } from "./agent-process.ts";
import type { AgentRuntime, RunningAgent } from "./agent-runtime.ts";
import { isDraining } from "./codex-thread.ts";
import { asleep, ended, leaving, tooSoon, unwanted } from "./no-agent.ts";
import { RestartPolicy } from "./restart-policy.ts";
import { StallWatch } from "./stall-watch.ts";

const rejoinPollMs = 20;
/** A connection mostly breaks because its process ends, which is seen some moments after. */
const endMs = 20;
const drainPollMs = 100;
/** What is asked to see whether it answers at all is given up by no clock of its own. */
const patientMs = 2 ** 31 - 1;

export class AgentHost {
  readonly #events: AgentHostEvents;
  readonly #runtime: AgentRuntime;
  readonly #policy = new RestartPolicy();
  readonly #stall: StallWatch;
  #agent: Agent | undefined;
  /** The process, from the moment it exists; also while its link is being made. */
  #process: RunningAgent | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #busy: "starting" | "stopping" | undefined;
  #crash: Crash | undefined;
  /** As `performance.now()` has it: setting the clock back delays nothing. */
  #retryAtMs = 0;
  /** Nothing is left of the last agent's socket. */
  #cleared: Promise<unknown> = Promise.resolve();
  #retryTimer: NodeJS.Timeout | undefined;
  /** The daemon goes, and the agent stays. */
  #left = false;
  /** The session has ended: there will be no agent again. */
  #closed = false;
  /** Somebody wants the agent gone while it is still being started or joined. */
  #giveUp = false;
  /** How many wait to end it. */
  #downs = 0;
  readonly #garbage = new Once();

  constructor(events: AgentHostEvents, runtime: AgentRuntime, stallAfterMs: number) {
    this.#events = events;
    this.#runtime = runtime;
    const ask = () => this.#agent?.call("thread/loaded/list", {}, patientMs) ?? Promise.resolve();
    const { expected, onStall } = events;
    this.#stall = new StallWatch(
      {
        identity: () => this.#process?.identity,
        expected: () => expected() && this.agent !== undefined,
        ask,
        onStall,
        onAnswer: () => onStall(undefined),
      },
      stallAfterMs,
    );
  }

  /** Since when the agent does not answer, which it should. */
  get stalledSince(): string | undefined {
    return this.#stall.since;
  }

  /** What is expected of the agent may have changed. */
  consider(): void {
    this.#stall.consider();
  }

  /** The agent, when it is connected and its history is level. */
  get agent(): Agent | undefined {
    return this.#busy === undefined && this.#agent?.connected ? this.#agent : undefined;
  }

  /** Tells this agent's process from all others, past and to come. */
  get identity(): string {
    const identity = this.#process?.identity;
    return identity === undefined ? "" : `${identity.pid} ${identity.startTime} ${identity.bootId}`;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get row(): AgentRow | undefined {
    return this.#agent?.row;
  }

  get starting(): boolean {
    return this.#busy === "starting" || (this.#process !== undefined && this.#agent === undefined);
  }

  get crash(): Crash | undefined {
    return this.#crash;
  }

  /** Starts the agent unless it is there. By hand it is tried at once, however often it crashed. */
  async up(byHand: boolean): Promise<Agent> {
    const there = this.agent;
    if (there !== undefined) return there;
    if (byHand) this.#policy.reset();
    else this.#refuseTooSoon();
    return this.#inTurn(async () => {
      if (this.#closed) throw ended();
      return this.agent ?? this.#start();
    });
  }

  #refuseTooSoon(): void {
    const retryAt = this.#crash?.retryAt;
    if (retryAt != null && this.#retryAtMs > performance.now()) throw tooSoon(retryAt);
  }

  /** Takes over what an earlier daemon left running; true when an agent was adopted. */
  adopt(row: AgentRow, threadId: string | null): Promise<boolean> {
    return this.#inTurn(async () => {
      const process = this.#found(row);
      if (process === undefined || row.process === undefined) {
        await process?.stop();
        this.#forget(row);
        return false;
      }
      this.#process = process;
      return this.#join(row, threadId, "adopted");
    });
  }

  /** Whether there is a process that is not, or not any more, connected: new, hung or draining. */
  get unreached(): boolean {
    return this.#process !== undefined && this.agent === undefined;
  }

  /** Waits for one that is just being connected, as after the daemon's start; not for a hung one. */
  async reached(timeoutMs: number): Promise<void> {
    if (this.unreached) await inTime(this.#queue, timeoutMs);
  }

  /**
   * Ends the agent, or gives up waiting for its slot. With SIGKILL it does not wait for an agent
   * that is being started or joined, which may be hung: it is killed first, so that this ends.
   */
  async down(how: "SIGTERM" | "SIGKILL" = "SIGTERM", reason?: string): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#downs++;
    this.#events.slot.leaveLine();
    if (how === "SIGKILL" && this.agent === undefined) {
      this.#giveUp = true;
      await this.#process?.stop("SIGKILL");
    }
    await this.#inTurn(async () => {
      this.#downs--;
      this.#giveUp = false;
      clearTimeout(this.#retryTimer);
      this.#crash = undefined;
      if (this.#process === undefined) return this.#events.onChange();
      await this.#stop(how);
      this.#events.onDeparture("asleep", reason);
    });
  }

  /** The same for good: whatever waits to start an agent is refused. `left`: by another daemon. */
  async close(left: AgentRow | null = null): Promise<void> {
    this.#closed = true;
    await this.down("SIGKILL");
    if (left === null) return;
    const process = this.#found(left);
    await process?.stop("SIGKILL");
    this.#forget(left);
  }

  /** It was not for good after all. */
  reopen(): void {
    this.#closed = false;
  }

  /** Lets go of the agent without ending it: the next daemon adopts it. */
  leave(): void {
    this.#left = true;
    clearTimeout(this.#retryTimer);
    this.#events.slot.leaveLine();
    this.#agent?.disconnect();
  }

  /** The agent ended a turn well: a crash after this is a new story. */
  proved(): void {
    this.#policy.reset();
  }

  call(method: string, params: JsonObject, timeoutMs?: number): Promise<Json> {
    return this.#agent?.call(method, params, timeoutMs) ?? Promise.reject(asleep());
  }

  reply(id: RequestId, response: Json): boolean {
    return this.#agent?.reply(id, response) ?? false;
  }

  async #start(): Promise<Agent> {
    const refusal = this.#events.refusal();
    if (refusal !== undefined) throw refusal;
    clearTimeout(this.#retryTimer);
    const slot = this.#events.slot.take();
    // Whoever wants it down waits behind this, and would have to wait for the slot as well.
    if (this.#downs > 0) this.#events.slot.leaveLine();
    if (!(await slot)) throw unwanted();
    // The process of the session may live on, for the next daemon to adopt: it has one at most.
    if (this.#left) throw leaving();
    this.#busy = "starting";
    this.#events.onChange();
    try {
      await this.#cleared;
      const context = this.#context();
      const agent = await Agent.start(context, this.#events.origin());
      this.#agent = agent;
      this.#process = agent.process;
      this.#crash = undefined;
      await this.#events.onArrival(agent, "started");
      return agent;
    } catch (error) {
      if (this.#agent !== undefined) await this.#stop("SIGKILL");
      this.#process = undefined;
      this.#events.slot.give();
      this.#failed(messageOf(error));
      throw error;
    } finally {
      this.#busy = undefined;
      this.#events.onChange();
    }
  }

  /**
   * Connects to a process that lives. False when it does not, or not any more: then it is as if
   * it had been put to sleep, or crashed, meanwhile.
   */
  async #join(row: AgentRow, threadId: string | null, how: Arrival): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    let told = "";
    if (how === "reconnected") await process.gone(endMs);
    while (process.alive && !this.#left && !this.#giveUp) {
      try {
        await this.#meet(process, row, threadId, how);
        return true;
      } catch (error) {
        this.#part();
        if (!process.alive) break;
        const why = messageOf(error);
        if (why !== told) this.#events.log("joining the agent failed", { how, error: why });
        told = why;
        if (row.target !== undefined && !restoreSocket(row)) {
          await process.stop();
          break;
        }
        // One that was told to end finishes its turn first; nothing can be asked of it meanwhile.
        await sleep(isDraining(error) ? drainPollMs : rejoinPollMs);
      }
    }
    if (this.#left) return false;
    this.#process = undefined;
    this.#agent = undefined;
    this.#forget(row);
    return false;
  }

  /** Nothing is handed to it before its history is level. */
  async #meet(
    process: RunningAgent,
    row: AgentRow,
    threadId: string | null,
    how: Arrival,
  ): Promise<void> {
    const begun = this.#events.begun();
    const agent = await Agent.join(process, row, threadId, this.#context(), begun);
    this.#busy = "starting";
    try {
      this.#agent = agent;
      this.#crash = undefined;
      await this.#events.onArrival(agent, how);
    } finally {
      this.#busy = undefined;
      this.#events.onChange();
    }
  }

  /** What could not be brought level is no agent of ours yet; its connection goes. */
  #part(): void {
    const agent = this.#agent;
    this.#agent = undefined;
    agent?.disconnect();
  }

  /** The connection closed and nobody here closed it. */
  #lost(): void {
    const agent = this.#agent;
    this.#stall.end();
    if (agent === undefined || this.#busy === "stopping" || this.#left) return;
    this.#events.onDisconnect();
    void this.#inTurn(async () => {
      if (this.#agent !== agent || this.#left) return;
      this.#agent = undefined;
      if (await this.#join(agent.row, agent.thread.threadId, "reconnected")) return;
      if (!this.#left) this.#failed(`the agent (pid ${agent.process.pid}) died`);
    });
  }

  #failed(reason: string): void {
    if (this.#events.refusal() !== undefined) return this.#events.onDeparture("asleep", reason);
    const nowMs = performance.now();
    const delayMs = this.#policy.delayAfterCrash(nowMs);
    this.#retryAtMs = nowMs + delayMs;
    const now = Date.now();
    this.#crash = {
      reason,
      at: new Date(now).toISOString(),
      retryAt: new Date(now + delayMs).toISOString(),
    };
    this.#events.onDeparture("crashed", reason);
    this.#events.onChange();
    this.#retryTimer = setTimeout(() => {
      void this.#inTurn(async () => {
        if (this.agent === undefined && this.#crash !== undefined && !this.#closed)
          await this.#start();
      }).catch(() => {});
    }, delayMs);
    this.#retryTimer.unref();
  }

  async #stop(how: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#busy = "stopping";
    const { row } = this;
    try {
      await this.#process?.stop(how);
    } finally {
      this.#stall.end();
      this.#agent?.disconnect();
      this.#agent = undefined;
      this.#process = undefined;
      this.#busy = undefined;
      if (row !== undefined) this.#forget(row);
    }
  }

  /** What it left of its socket goes beside everything else: others wait for its slot. */
  #forget(row: AgentRow): void {
    this.#events.save(null);
    this.#events.slot.give();
    if (row.held?.by === "cgroup") removeCgroup(row.held.cgroup);
    this.#cleared = this.#runtime.putAway(row.socket, row.user).catch(() => {});
  }

  /** The daemon may have died between deciding to start it and writing down which process it is. */
  #found({ process, socket, user }: AgentRow): RunningAgent | undefined {
    return process === undefined ? this.#runtime.find(socket, user) : this.#runtime.adopt(process);
  }

  #save(row: AgentRow | null): void {
    this.#events.save(row);
    if (row?.process !== undefined) this.#process = this.#runtime.adopt(row.process);
    if (this.#giveUp) void this.#process?.stop("SIGKILL");
  }

  #context(): AgentContext {
    const { onNotification, onRequest, log } = this.#events;
    return {
      ...this.#events.context(),
      runtime: this.#runtime,
      save: (row) => this.#save(row),
      events: {
        onNotification: (...told) => {
          this.#stall.heard();
          onNotification(...told);
        },
        onRequest,
        onClose: () => this.#lost(),
        onGarbage: (error) => {
          const why = messageOf(error);
          if (this.#garbage.first(why))
            log("codex sent what is not its protocol; it is left out", { error: why });
        },
      },
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result.catch(() => {});
    return result;
  }
}
