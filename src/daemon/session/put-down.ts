/** What has to happen before a session's agent is put down. */
import { HacsError } from "../../protocol/errors.ts";
import { describeActor } from "../../protocol/session.ts";
import { type Shown, stateOf } from "./session-view.ts";

export interface PuttingDown {
  force: boolean;
  action: string;
  /** It is to stay down. */
  lasting: boolean;
  /** As history tells it, when nobody asked for it. */
  reason?: string | undefined;
}

/** How long a turn may take to stop before its agent is ended all the same. */
export const forcedInterruptMs = 3_000;

/**
 * Whether its turn is to be interrupted first. Throws `session-busy` when that takes `force`, or
 * when a client of codex's own protocol would undo it: those connect again when they are cut off,
 * and so wake the session.
 */
export function mustStop(session: Shown, { force, action, lasting }: PuttingDown): boolean {
  const { name } = session.row;
  const { unreached } = session.host;
  const state = stateOf(session);
  const works = state === "working" || state === "needs-approval";
  if (!force && (works || unreached)) {
    throw new HacsError(
      "session-busy",
      unreached
        ? `The agent of session "${name}" does not answer (yet), and to ${action} may cut a turn off.`
        : `Session "${name}" is ${state}, and to ${action} would cut its turn off.`,
      "Wait for it (hacs-session wait NAME), or give --force to interrupt it first.",
    );
  }
  const waker = [...session.attached].find(({ kind }) => kind === "codex");
  if (!force && lasting && waker !== undefined) {
    throw new HacsError(
      "session-busy",
      `${describeActor(waker)} is attached to "${name}" and would wake it again at once.`,
      "Quit it there first; with --force the agent is ended all the same.",
    );
  }
  return works && !unreached;
}
