/**
 * What happens when a session or a turn took its time: the daemon ends it, as a person would, and
 * says so in the history, in the receipt of who waits for the turn, and in the audit.
 */
import { formatDuration } from "../../protocol/duration.ts";
import type { LimitsInForce } from "../../protocol/limits.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Actor, TurnInfo } from "../../protocol/session.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { Deadlines } from "./deadlines.ts";
import type { Life } from "./life.ts";

/** Of a session, what is needed to end it or its turn. */
export interface Bounded {
  readonly row: Readonly<SessionRow>;
  readonly limits: LimitsInForce;
  readonly turn: TurnInfo | null;
  readonly approvals: { readonly count: number };
  readonly life: Pick<Life, "interrupt" | "restart" | "kill">;
}

export class Overtime {
  readonly #session: Bounded;
  readonly #services: Services;
  readonly #deadlines: Deadlines;
  /** The last turn that took too long, by its ids. */
  #stopped: { ids: (string | null)[]; reason: string } | undefined;

  constructor(session: Bounded, services: Services) {
    this.#session = session;
    this.#services = services;
    this.#deadlines = new Deadlines({
      clock: services.clock,
      end: () => {
        const { row, limits } = session;
        if (row.endsAt === null || row.endedAt !== null) return null;
        return { at: row.endsAt, ttlMs: limits.ttlMs ?? 0 };
      },
      maxTurnTimeMs: () => session.limits.maxTurnTimeMs,
      turn: () => session.turn,
      asks: () => session.approvals.count > 0,
      onEnd: () => this.#end(),
      onOverrun: (turnId) => this.#stop(turnId),
    });
  }

  /** From here on its life counts; also when its end is another. */
  live(): void {
    this.#deadlines.live();
  }

  look(): void {
    this.#deadlines.look();
  }

  over(): void {
    this.#deadlines.stop();
  }

  /** Why the turn was interrupted, when it was for this. */
  reasonFor(turnId: string): string | null {
    return this.#stopped?.ids.includes(turnId) ? this.#stopped.reason : null;
  }

  #end(): void {
    const lived = formatDuration(this.#session.limits.ttlMs ?? 0);
    const reason = `it had ${lived} to live`;
    this.#act("ttl", lived, "kill", { reason }, async (by) => {
      try {
        await this.#session.life.kill(by, reason);
      } catch (error) {
        this.#deadlines.endLater();
        throw error;
      }
    });
  }

  /** An agent that does not even take an interruption is started anew. */
  #stop(turnId: string): void {
    const session = this.#session;
    const most = formatDuration(session.limits.maxTurnTimeMs ?? 0);
    const reason = `the turn took longer than ${most} (maxTurnTime)`;
    this.#stopped = { ids: [turnId, session.turn?.rootId ?? null], reason };
    this.#act("maxTurnTime", most, "interrupt", { turnId, reason }, async (by) => {
      try {
        await session.life.interrupt(by, { reason });
      } catch (error) {
        if (session.turn?.id !== turnId) return;
        this.#warn("a turn that took too long did not end", error);
        await session.life.restart(true, by, reason);
      }
    });
  }

  #act(
    user: string,
    from: string,
    action: string,
    detail: JsonObject,
    act: (by: Actor) => Promise<unknown>,
  ): void {
    const { store } = this.#services;
    const { id, name } = this.#session.row;
    const by: Actor = { kind: "daemon", user, from };
    const failed = (error: unknown) => this.#warn(`${action} by ${user} failed`, error);
    try {
      const at = new Date().toISOString();
      const entry = { at, session: id, name, action, outcome: "done", by, token: null, detail };
      store.transaction(() => store.audit.insert(entry));
    } catch (error) {
      failed(error);
    }
    act(by).catch(failed);
  }

  #warn(message: string, error: unknown): void {
    this.#services.log.warn({ session: this.#session.row.name, error: String(error) }, message);
  }
}
