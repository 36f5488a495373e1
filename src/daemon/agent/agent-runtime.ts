/**
 * The daemon's only ways to codex: to find it, start it, find it again, and speak to it. They are
 * handed in with the other services, so that whole lives of the daemon can be lived through with a
 * codex, a clock and a disk that fail on purpose.
 */
import type WebSocket from "ws";
import { type CodexBinary, locateCodex } from "../../system/codex-binary.ts";
import type { ProcessIdentity } from "../../system/process-identity.ts";
import type { UnixUser } from "../../system/unix-user.ts";
import { openSocket } from "./agent-link.ts";
import { type AgentCommand, AgentProcess, putAwaySocket, startedFor } from "./agent-process.ts";

/** A process that is codex, whoever started it. */
export type RunningAgent = Pick<AgentProcess, "identity" | "pid" | "alive" | "gone" | "stop">;

/** An open connection to it, a message a frame. */
export type AgentSocket = Pick<WebSocket, "on" | "send" | "pause" | "resume" | "terminate">;

export interface AgentRuntime {
  /** Throws `codex-missing` or `codex-too-old`. */
  locate: (options: {
    given: string | undefined;
    env: Record<string, string>;
    user?: UnixUser | undefined;
  }) => Promise<CodexBinary>;
  /** Resolves when its socket answers; `onSpawned` runs as soon as there is a process. */
  start: (
    command: AgentCommand,
    onSpawned: (identity: ProcessIdentity) => void,
  ) => Promise<RunningAgent>;
  /** Undefined when that process is gone. */
  adopt: (identity: ProcessIdentity) => RunningAgent | undefined;
  /** The one that was started for this socket, when nobody wrote down which process it became. */
  find: (socket: string, user?: UnixUser) => RunningAgent | undefined;
  /** What a dead one left of its socket goes. */
  putAway: (socket: string, user?: UnixUser) => Promise<void>;
  /** Throws `agent-gone` when nobody answers. */
  open: (socket: string, user?: UnixUser) => Promise<AgentSocket>;
}

export const codexRuntime: AgentRuntime = {
  locate: locateCodex,
  start: AgentProcess.start,
  adopt: AgentProcess.adopt,
  find: (socket, user) => {
    const [identity] = startedFor(socket, user);
    return identity && AgentProcess.adopt(identity);
  },
  putAway: putAwaySocket,
  open: openSocket,
};
