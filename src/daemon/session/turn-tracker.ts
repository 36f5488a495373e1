/**
 * What codex is doing in the session's thread, read from its notifications, which are regular
 * (`heard.ts`): which turn runs, what it used. Knows one thread; sub-agents' threads pass by.
 */
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import type { TurnInfo } from "../../protocol/session.ts";
import { isoOf, momentOfSeconds } from "../../protocol/shape.ts";

export class TurnTracker {
  turn: TurnInfo | null = null;
  /** The last `tokenUsage` that codex told. */
  usage: JsonObject | null = null;
  #active = false;

  /** Something runs that a new message would join instead of starting a turn of its own. */
  get busy(): boolean {
    return this.turn !== null || this.#active;
  }

  /** Begins anew, as codex says it stands. */
  reset(turn: TurnInfo | null, active: boolean): void {
    this.turn = turn;
    this.#active = active;
  }

  /** True when this changed what the session is doing. */
  notice(method: string, params: JsonObject): boolean {
    switch (method) {
      case "thread/status/changed":
        this.#active = isObject(params.status) && params.status.type === "active";
        return true;
      case "turn/started": {
        const turn = params.turn as JsonObject;
        this.turn = { id: turn.id as string, rootId: rootOf(turn), startedAt: startOf(turn) };
        return true;
      }
      case "turn/completed": {
        const { id } = params.turn as JsonObject;
        if (this.turn?.id === id || this.turn?.rootId === id) this.turn = null;
        return true;
      }
      case "thread/tokenUsage/updated":
        this.usage = isObject(params.tokenUsage) ? params.tokenUsage : null;
        return false;
      default:
        return false;
    }
  }
}

export function rootOf({ rootTurnId }: JsonObject): string | null {
  return typeof rootTurnId === "string" ? rootTurnId : null;
}

function startOf(turn: JsonObject): string {
  return isoOf(momentOfSeconds(turn.startedAt)) ?? new Date().toISOString();
}
