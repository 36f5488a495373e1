/** Whether the daemon gets through to the archive that its config names. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ArchiveStatus } from "../../protocol/archive.ts";
import type { Context } from "../context.ts";
import { behindText } from "../text/archive.ts";
import type { Finding } from "./finding.ts";

const check = "archive";
const connectingMs = 10_000;
const everyMs = 100;

/** Nothing where there is none, or no daemon that could say. */
export async function checkArchive(context: Context): Promise<Finding[]> {
  const archive = await settled(context).catch(() => null);
  if (archive === null) return [];
  const { url, state, error, conflicts } = archive;
  if (error !== null) {
    const mend = error.next === null ? {} : { mend: error.next };
    const detail = `${error.message} ${behindText(archive)}`;
    return [{ check, status: "fail", detail, ...mend }];
  }
  if (conflicts.length > 0) {
    return [
      {
        check,
        status: "warn",
        detail: `${url} has another history of ${conflicts.join(", ")}`,
        mend: "This state was copied, or brought back from a backup: remove one of the two.",
      },
    ];
  }
  return [{ check, status: "ok", detail: `${url}, ${state}; ${behindText(archive)}` }];
}

/** A daemon that was just started is still on its way there. */
async function settled(context: Context): Promise<ArchiveStatus | null> {
  for (const until = Date.now() + connectingMs; ; ) {
    const { archive } = await context.call("daemon/status", {});
    // An older daemon says nothing of it.
    if (archive == null || archive.state !== "connecting" || Date.now() > until)
      return archive ?? null;
    await sleep(everyMs);
  }
}
