/**
 * A panic where no daemon answers: what the daemon would do, by what is on the disk and in the
 * process table. Each session is frozen first, so that a daemon that comes back, or the next one,
 * starts nothing; it then writes into the history who did this.
 */
import type { Actor } from "../protocol/session.ts";
import { AgentFamily } from "../system/agent-family.ts";
import { type Ending, endFamily } from "../system/end-family.ts";
import { freeze, freezeFile, frozen, sessionsOnDisk } from "../system/freeze.ts";
import { agentSocket, checkPrivateDirectory, type Paths } from "../system/paths.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";

export interface StoppedAlone extends Ending {
  sessions: number;
  /** Sessions of which it could not be written down that they are frozen, and why. */
  unfrozen: string[];
}

export async function stopAlone(paths: Paths, by: Actor): Promise<StoppedAlone> {
  const sessions = sessionsOnDisk(paths.stateDir);
  if (sessions.length > 0) checkPrivateDirectory(paths.stateDir);
  const at = new Date().toISOString();
  // A daemon that died in the middle of a panic left word of who can't be told any more.
  const seen: ProcessIdentity[] = [];
  const unfrozen = sessions.filter((session) => {
    const file = freezeFile(paths.stateDir, session);
    try {
      const before = frozen(file);
      seen.push(...(before?.processes ?? []));
      if (before?.recorded !== false) freeze(file, { at, by, recorded: false });
      return false;
    } catch {
      return true;
    }
  });
  const marks = sessions.map((session) => ({
    session,
    socket: agentSocket(paths.agentsDir, session),
  }));
  const ending = await endFamily(new AgentFamily(marks, seen));
  return { ...ending, sessions: sessions.length, unfrozen };
}
