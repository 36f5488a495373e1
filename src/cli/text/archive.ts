/** How a daemon stands with its archive, for people. */
import type { ArchiveStatus } from "../../protocol/archive.ts";
import { ago } from "../../protocol/duration.ts";

export function archiveRows(archive: ArchiveStatus): [string, string][] {
  const { url, state, since, error, removals, conflicts } = archive;
  const rows: [string, string][] = [
    ["archive", url],
    ["", state === "away" ? `away since ${ago(since)}` : state],
    ["", behindText(archive)],
  ];
  if (removals > 0)
    rows.push(["", `${counted(removals, "removed session")} still to be forgotten there`]);
  if (conflicts.length > 0)
    rows.push(["", `it has another history of ${conflicts.join(", ")}, and takes no more of it`]);
  if (error !== null) rows.push(["", error.message], ["", error.next ?? ""]);
  return rows.filter(([, text]) => text !== "");
}

export function behindText({ records, sessions }: ArchiveStatus): string {
  if (records === 0) return "has everything";
  return `${counted(records, "record")} of ${counted(sessions, "session")} still to be carried there`;
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
