/** What has to happen before a session's agent is put down. */
import { HacsError } from "../../protocol/errors.ts";
import type { SessionState } from "../../protocol/session.ts";

/** Whether its turn is to be interrupted first. Throws `session-busy` when that takes `force`. */
export function mustStop(
  { name, state, unreached }: { name: string; state: SessionState; unreached: boolean },
  force: boolean,
  action: string,
): boolean {
  if (state !== "working" && state !== "needs-approval" && !unreached) return false;
  if (!force) {
    throw new HacsError(
      "session-busy",
      unreached
        ? `The agent of session "${name}" does not answer (yet), and to ${action} may cut a turn off.`
        : `Session "${name}" is ${state}, and to ${action} would cut its turn off.`,
      "Wait for it (hacs-session wait NAME), or give --force to interrupt it first.",
    );
  }
  return !unreached;
}
