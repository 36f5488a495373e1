/** How a daemon does, in numbers: what `daemon status` has beside what it is. */
import type { HookInfo } from "./hooks.ts";
import type { PeerInfo, SessionState } from "./session.ts";

export interface Figures {
  /** Sessions by what they do now. */
  states: Record<SessionState, number>;
  /** Agents now, how many may run at once, sessions in line for one; and since the daemon's start. */
  agents: {
    running: number;
    max: number;
    waiting: number;
    started: number;
    crashed: number;
    /** Started again after a crash. */
    restarted: number;
  };
  /** Messages that wait for codex, and approvals that wait for an answer. */
  queued: number;
  approvals: number;
  /** Since the daemon's start: turns by how they ended, messages by what became of them. */
  turns: { completed: number; failed: number; interrupted: number; totalMs: number };
  messages: Record<string, number>;
  /** What codex used, by kind; `cached_input` is a part of `input`, `reasoning` of `output`. */
  tokens: Record<"input" | "cached_input" | "output" | "reasoning", number>;
  /** Approvals by what was decided, and how long they waited in all. */
  decisions: Record<string, number>;
  waitedMs: number;
  clientKinds: Record<string, number>;
  peers: Pick<PeerInfo, "name" | "kind" | "state">[];
  /** How late the event loop was in the last one to two minutes. */
  loop: { p50Ms: number; p99Ms: number; maxMs: number };
  memoryBytes: number;
  /** The history with its log. */
  storeBytes: number;
  hooks: (Pick<HookInfo, "name" | "pending" | "delivered" | "failed" | "dropped"> & {
    failing: boolean;
  })[];
}
