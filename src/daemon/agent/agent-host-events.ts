/** What an agent's host asks of its session, and tells it. */
import type { HacsError } from "../../protocol/errors.ts";
import type { JsonObject, RequestId } from "../../protocol/messages.ts";
import type { AgentRow } from "../store/session-table.ts";
import type { Agent, AgentContext } from "./agent.ts";
import type { ThreadOrigin } from "./codex-thread.ts";

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
  context: () => Omit<AgentContext, "events" | "save" | "runtime">;
  origin: () => ThreadOrigin;
  /** Why there is to be no agent now. */
  refusal: () => HacsError | undefined;
  /** One of so many that may run at once; it is given back when there is no process any more. */
  slot: {
    /** Resolves false when the agent is not wanted any more. */
    take: () => Promise<boolean>;
    give: () => void;
    leaveLine: () => void;
  };
  /** Whether something was said in the thread, or may be on its way into it. */
  begun: () => boolean;
  /** Whether it works, or something waits for it. */
  expected: () => boolean;
  /** It does not answer, or answers again when no reason is given. */
  onStall: (reason: string | undefined) => void;
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
