/**
 * What is worth a ring: a turn that ended, an approval that waits, a session that crashed, in a
 * session that nobody looks at here. Pure; the escape sequences are made here too.
 */
import { visible } from "../../protocol/address.ts";
import type { SessionInfo } from "../../protocol/session.ts";

export interface News {
  session: string;
  what: string;
}

/** What changed in one session from one sight to the next; a first sight is no news. */
export function newsOf(before: SessionInfo | undefined, now: SessionInfo): News | null {
  if (before === undefined) return null;
  const tell = (what: string) => ({ session: now.name, what });
  if (now.approvals > before.approvals) return tell("waits for an approval");
  if (now.state === before.state) return null;
  if (now.state === "crashed") return tell("crashed");
  const busy = before.state === "working" || before.state === "needs-approval";
  const rests = now.state === "idle" || now.state === "asleep";
  return busy && rests ? tell("finished its turn") : null;
}

/** True when a person may miss it: it is not on the screen, or the screen is not looked at. */
export function isUnseen(
  session: string,
  shown: readonly (string | null)[],
  focused: boolean | null,
): boolean {
  return !shown.includes(session) || focused === false;
}

/**
 * The bell, and the notification that the terminal knows: OSC 777 where it began (rxvt, foot,
 * VTE), OSC 9 elsewhere. Both at once would be shown twice by terminals that know both.
 */
export function ringOf({ session, what }: News, env: NodeJS.ProcessEnv): string {
  const title = "hacs-session";
  const text = visible(`${session} ${what}`).replaceAll(";", ",");
  const knows777 = /^(rxvt|foot)/.test(env.TERM ?? "") || env.VTE_VERSION !== undefined;
  return knows777
    ? `\u0007\u001b]777;notify;${title};${text}\u001b\\`
    : `\u0007\u001b]9;${title}: ${text}\u001b\\`;
}
