/**
 * Keeps a session's agent: starts it, adopts it, joins it again when the connection breaks,
 * starts it again when it crashed, and stops it. One thing at a time: every change of the
 * agent's life waits for the one before it.
 */
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import { identify } from "../../system/process-identity.ts";
import { processesWithArgument } from "../../system/process-list.ts";
import type { AgentRow } from "../store/session-table.ts";
import { Agent, type AgentContext } from "./agent.ts";
import { AgentProcess, removeSocket } from "./agent-process.ts";
import { isDraining, type ThreadOrigin } from "./codex-thread.ts";
import { RestartPolicy } from "./restart-policy.ts";

export type Arrival = "started" | "adopted" | "reconnected";

export interface Crash {
  reason: string;
  at: string;
  retryAt: string | null;
}

export interface AgentHostEvents {
  /** Writes down which agent there is, or that there is none. */
  save: (row: AgentRow | null) => void;
  /** What the agent is run with, as of now. */
  context: () => Omit<AgentContext, "events" | "save">;
  origin: () => ThreadOrigin;
  /** Whether a message may be on its way into the thread. */
  inDoubt: () => boolean;
  /** The agent is there; the session brings its history level before anything else happens. */
  onArrival: (agent: Agent, how: Arrival) => Promise<void>;
  /** The connection broke; the agent may live. */
  onDisconnect: () => void;
  /** The agent is gone: put to sleep, or dead of itself. */
  onDeparture: (how: "asleep" | "crashed", reason: string | undefined) => void;
  onNotification: (method: string, params: JsonObject, emittedAtMs: number | undefined) => void;
  onRequest: (id: RequestId, method: string, params: JsonObject) => void;
  onChange: () => void;
  log: (message: string, details: object) => void;
}

const rejoinPollMs = 20;
const drainPollMs = 100;

export class AgentHost {
  readonly #events: AgentHostEvents;
  readonly #policy = new RestartPolicy();
  #agent: Agent | undefined;
  /** The process, from the moment it exists; also while its link is being made. */
  #process: AgentProcess | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #busy: "starting" | "stopping" | undefined;
  #crash: Crash | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** The daemon goes, and the agent stays. */
  #left = false;
  /** The session has ended: there will be no agent again. */
  #closed = false;
  /** Somebody wants the agent gone while it is still being started or joined. */
  #giveUp = false;

  constructor(events: AgentHostEvents) {
    this.#events = events;
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
    if (retryAt == null || Date.parse(retryAt) <= Date.now()) return;
    throw new HacsError(
      "agent-gone",
      `The session's agent crashed, and is started again at ${retryAt}.`,
      "Start it now with: hacs-session wake NAME",
    );
  }

  /** Takes over what an earlier daemon left running; true when an agent was adopted. */
  adopt(row: AgentRow, threadId: string | null): Promise<boolean> {
    return this.#inTurn(async () => {
      const process =
        row.process === undefined ? this.#leftover(row) : AgentProcess.adopt(row.process);
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

  /**
   * Ends the agent; nothing happens when there is none. With SIGKILL it does not wait for an agent
   * that is being started or joined, which may be hung: it is killed first, so that this ends.
   */
  async down(how: "SIGTERM" | "SIGKILL" = "SIGTERM", reason?: string): Promise<void> {
    clearTimeout(this.#retryTimer);
    if (how === "SIGKILL" && this.agent === undefined) {
      this.#giveUp = true;
      await this.#process?.stop("SIGKILL");
    }
    await this.#inTurn(async () => {
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
    const process =
      left.process === undefined ? this.#leftover(left) : AgentProcess.adopt(left.process);
    await process?.stop("SIGKILL");
    this.#forget(left);
  }

  /** Lets go of the agent without ending it: the next daemon adopts it. */
  leave(): void {
    this.#left = true;
    clearTimeout(this.#retryTimer);
    this.#agent?.disconnect();
  }

  /** The agent ended a turn well: a crash after this is a new story. */
  proved(): void {
    this.#policy.reset();
  }

  call(method: string, params: JsonObject): Promise<Json> {
    const agent = this.#agent;
    if (agent === undefined)
      return Promise.reject(
        new HacsError(
          "agent-gone",
          "The session's agent is not running.",
          "Start it with: hacs-session wake NAME",
        ),
      );
    return agent.call(method, params);
  }

  reply(id: RequestId, response: Json): void {
    this.#agent?.reply(id, response);
  }

  async #start(): Promise<Agent> {
    clearTimeout(this.#retryTimer);
    this.#busy = "starting";
    this.#events.onChange();
    try {
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
    while (process.alive && !this.#left && !this.#giveUp) {
      try {
        const agent = await Agent.join(
          process,
          row,
          threadId,
          this.#context(),
          this.#events.inDoubt(),
        );
        this.#agent = agent;
        this.#crash = undefined;
        await this.#events.onArrival(agent, how);
        this.#events.onChange();
        return true;
      } catch (error) {
        if (!process.alive) break;
        this.#events.log("joining the agent failed", { how, error: messageOf(error) });
        // One that was told to end finishes its turn first; nothing can be asked of it meanwhile.
        await new Promise((resolve) =>
          setTimeout(resolve, isDraining(error) ? drainPollMs : rejoinPollMs),
        );
      }
    }
    if (this.#left) return false;
    this.#process = undefined;
    this.#agent = undefined;
    this.#forget(row);
    return false;
  }

  /** The connection closed and nobody here closed it. */
  #lost(): void {
    const agent = this.#agent;
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
    const delayMs = this.#policy.delayAfterCrash(Date.now());
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
      this.#agent?.disconnect();
      this.#agent = undefined;
      this.#process = undefined;
      this.#busy = undefined;
      if (row !== undefined) this.#forget(row);
    }
  }

  #forget(row: AgentRow): void {
    this.#events.save(null);
    removeSocket(row.socket, row.user);
  }

  /**
   * The daemon died between deciding to start an agent and writing down which process it became.
   * Its socket's path, on its command line, tells it from all others.
   */
  #leftover(row: AgentRow): AgentProcess | undefined {
    const [pid] = processesWithArgument(`unix://${row.socket}`);
    const identity = pid === undefined ? undefined : identify(pid);
    return identity && AgentProcess.adopt(identity);
  }

  #save(row: AgentRow | null): void {
    this.#events.save(row);
    if (row?.process !== undefined) this.#process = AgentProcess.adopt(row.process);
    if (this.#giveUp) void this.#process?.stop("SIGKILL");
  }

  #context(): AgentContext {
    const { onNotification, onRequest, log } = this.#events;
    return {
      ...this.#events.context(),
      save: (row) => this.#save(row),
      events: {
        onNotification,
        onRequest,
        onClose: () => this.#lost(),
        onGarbage: (error) =>
          log("codex sent what is not its protocol", { error: messageOf(error) }),
      },
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

function ended(): HacsError {
  return new HacsError(
    "session-ended",
    "The session was killed; only its history is left.",
    "Read it with: hacs-session tail NAME",
  );
}
