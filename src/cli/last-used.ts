import { HacsError } from "../protocol/errors.ts";
import type { SessionInfo } from "../protocol/session.ts";
import type { Context } from "./context.ts";

/** The live session with the latest activity. Throws `no-sessions`. */
export async function lastUsed(context: Context): Promise<SessionInfo> {
  const { sessions } = await context.call("session/list", {});
  const newest = newestOf(sessions);
  if (newest) return newest;
  throw new HacsError("no-sessions", "There is no session yet.", "Make one with: hacs-session new");
}

export function newestOf(sessions: readonly SessionInfo[]): SessionInfo | undefined {
  return sessions
    .filter(({ state }) => state !== "ended" && state !== "unreachable")
    .reduce<SessionInfo | undefined>(
      (best, session) =>
        best && Date.parse(best.activeAt) >= Date.parse(session.activeAt) ? best : session,
      undefined,
    );
}
