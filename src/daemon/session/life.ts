/**
 * How a session's agent is put down, whatever for, and how the session ends. A turn that is cut off
 * by any of it is marked as stopped on purpose, so that nobody takes it for a crash later.
 */
import type { Json, JsonObject } from "../../protocol/messages.ts";
import type { Actor } from "../../protocol/session.ts";
import type { AgentHost } from "../agent/agent-host.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { storingIfPossible } from "../store/storing.ts";
import type { Delivery } from "./delivery.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";
import type { HowToInterrupt, Interruption } from "./interruption.ts";
import { Panic } from "./panic.ts";
import { forcedInterruptMs, mustStop, type PuttingDown } from "./put-down.ts";
import type { RunContext } from "./run-context.ts";
import type { Shown } from "./session-view.ts";

/** How long an agent that is just being connected may take until it counts as one that hangs. */
const patienceMs = 3_000;

export interface LifePort {
  row: Readonly<SessionRow>;
  services: Services;
  host: AgentHost;
  delivery: Delivery;
  inbox: Inbox;
  history: History;
  runContext: RunContext;
  interruption: Interruption;
  shown: () => Shown;
  turnId: () => string | null;
  /** Gets the agent up, or in line for a slot. */
  rouse: () => Promise<void>;
  update: (changes: Partial<Omit<SessionRow, "id" | "createdAt">>) => void;
  onEnd: () => void;
  /** It did not end after all. */
  onStay: () => void;
  log: (message: string, details: object) => void;
}

export class Life {
  readonly panic: Panic;
  readonly #port: LifePort;
  #killing: Promise<number> | undefined;

  constructor(port: LifePort) {
    this.#port = port;
    const { row, services, host, history, inbox, runContext, interruption, turnId, log } = port;
    this.panic = new Panic({
      file: runContext.freezeFile,
      session: row.id,
      name: () => row.name,
      store: services.store,
      history,
      inbox,
      mark: () => runContext.mark(),
      turnId,
      answers: () => !host.starting && !host.unreached,
      interrupt: (turn, timeoutMs) => interruption.stop(turn, () => {}, timeoutMs),
      down: (politely) => this.#down(politely),
      onChange: () => port.update({}),
      log,
    });
  }

  /** Stops the running turn and resolves when it has ended. What is queued goes on after it. */
  async interrupt(by: Actor, { timeoutMs, reason }: HowToInterrupt = {}): Promise<string> {
    const { interruption, history } = this.#port;
    const turnId = interruption.target().id;
    const onAsked = () => void history.own("session/interrupted", { turnId, by, reason });
    await interruption.stop(turnId, onAsked, timeoutMs);
    return turnId;
  }

  async sleep(force: boolean, by: Actor): Promise<void> {
    const { inbox, delivery } = this.#port;
    const { queued } = inbox;
    await this.#putDown(by, { force, action: "put it to sleep", lasting: true });
    // A message that came meanwhile wakes it, as one that comes later would.
    if (inbox.queued > queued) delivery.pump();
  }

  async restart(force: boolean, by: Actor, reason?: string): Promise<void> {
    const { rouse, delivery } = this.#port;
    await this.#putDown(by, { force, action: "restart it", lasting: false, reason });
    await rouse();
    delivery.pump();
  }

  /** Ends the session for good; its history stays. Gives how many messages were never delivered. */
  kill(by: Actor, reason?: string): Promise<number> {
    this.#killing ??= this.#kill(by, reason).catch((error) => {
      this.#killing = undefined;
      throw error;
    });
    return this.#killing;
  }

  /** One whose end can't be stored has lost its agent alone, as one that was put to sleep. */
  async #kill(by: Actor, reason?: string): Promise<number> {
    const { delivery, host, onEnd, onStay } = this.#port;
    delivery.stopped = true;
    onEnd();
    try {
      await host.close();
      return this.#end(by, reason);
    } catch (error) {
      host.reopen();
      delivery.stopped = false;
      onStay();
      throw error;
    }
  }

  #end(by: Actor, reason?: string): number {
    const { services, inbox, history, update } = this.#port;
    return services.store.transaction(() => {
      const cancelled = inbox.close();
      history.own("session/ended", { by, reason });
      update({ endedAt: new Date().toISOString() });
      return cancelled;
    });
  }

  /** Asks codex to stop a turn. */
  stopTurn(method: string, params: JsonObject): Promise<Json> {
    this.#mark(String(params.turnId));
    return this.#port.host.call(method, params);
  }

  /** What is queued stays queued meanwhile: the next turn would be cut off as it begins. */
  async #putDown(by: Actor, how: PuttingDown): Promise<void> {
    const { delivery, host, shown, log } = this.#port;
    delivery.held = true;
    try {
      if (!how.force) await host.reached(patienceMs);
      if (mustStop(shown(), how))
        await this.interrupt(by, { timeoutMs: forcedInterruptMs }).catch((error) =>
          log("interrupting failed", { error: String(error) }),
        );
      await this.#down(!(how.force && host.unreached), how.reason);
    } finally {
      delivery.held = false;
    }
  }

  #down(politely: boolean, reason?: string): Promise<void> {
    const { row, services, host } = this.#port;
    const stoppedTurn = services.store.records.openTurns(row.id).at(-1);
    if (stoppedTurn !== undefined) this.#mark(stoppedTurn);
    return host.down(politely ? "SIGTERM" : "SIGKILL", reason);
  }

  /** That a turn was stopped on purpose. A disk that is full keeps nobody from stopping it. */
  #mark(stoppedTurn: string): void {
    const { services, update, log } = this.#port;
    storingIfPossible(
      services.store,
      () => update({ stoppedTurn }),
      (error) => log("that a turn is stopped can't be written down", { error: String(error) }),
    );
  }
}
