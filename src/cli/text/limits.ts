/** What bounds a session, in words. */
import { formatDuration } from "../../protocol/duration.ts";
import type { SessionDetail } from "../../protocol/session.ts";

/** Label and text, for `show`; null where there is nothing to say. */
export function limitLines(session: SessionDetail, nowMs = Date.now()): [string, string | null][] {
  const { limits, endsAt, sleepsInMs, state } = session;
  const { idleTimeoutMs, maxTurnTimeMs, maxQueued } = limits;
  const idle =
    idleTimeoutMs === null ? "only when told to" : `${formatDuration(idleTimeoutMs)} idle`;
  const left = sleepsInMs === null ? "" : `, in ${formatDuration(sleepsInMs)}`;
  const ends = endsAt === null ? null : `${endsAt} (in ${until(endsAt, nowMs)})`;
  const turns = maxTurnTimeMs === null ? null : `at most ${formatDuration(maxTurnTimeMs)}`;
  return [
    ["sleeps", state === "ended" ? null : `after ${idle}${left}`.replace("after only", "only")],
    ["ends", ends],
    ["turns", turns],
    ["queue", state === "ended" ? null : `at most ${maxQueued} messages`],
  ];
}

/** The same on one line, for who changed it. */
export function limitsText(session: SessionDetail): string {
  return limitLines(session)
    .flatMap(([label, text]) => (text === null ? [] : [`${label} ${text}`]))
    .join("; ");
}

function until(at: string, nowMs: number): string {
  return formatDuration(Math.max(0, Date.parse(at) - nowMs));
}
