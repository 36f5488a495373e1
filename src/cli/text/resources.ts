/** What a session's agent may take of the machine, in words and out of them. */
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/methods.ts";
import type { SessionDetail } from "../../protocol/session.ts";
import { formatSize } from "../../protocol/size.ts";

export function readCpus(text: string): number {
  const cpus = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && cpus >= limits.cpusMin && cpus <= limits.cpusMax) return cpus;
  throw new HacsError(
    "invalid-usage",
    `--cpus takes a number from ${limits.cpusMin} to ${limits.cpusMax}; got ${quote(text)}.`,
    "Try --cpus 1.5.",
  );
}

/** Null where it has no limits, and its agent neither. */
export function resourcesText({ resources }: Pick<SessionDetail, "resources">): string | null {
  if (resources == null) return null;
  const { memoryBytes, cpus, by, note } = resources;
  const parts = [
    memoryBytes === null ? "" : `memory ${formatSize(memoryBytes)}`,
    cpus === null ? "" : `${cpus} ${cpus === 1 ? "CPU" : "CPUs"}`,
    by === null ? "" : `by ${by}`,
  ].filter((part) => part !== "");
  return (parts.join(", ") || "none") + (note === null ? "" : `; ${note}`);
}
