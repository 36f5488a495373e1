import { formatDuration } from "../../../protocol/duration.ts";
import type { Entry } from "../../../protocol/transcript.ts";
import type { Line } from "../../text/lines.ts";
import { type Drawing, marked } from "./drawing.ts";

/** How a turn ended, when that is worth a row: a completed one has said what it had to say. */
export function turnEnd(entry: Extract<Entry, { kind: "turn" }>, { width }: Drawing): Line[] {
  if (entry.status === "completed") return [];
  const took = entry.durationMs === null ? "" : ` after ${formatDuration(entry.durationMs)}`;
  if (entry.status === "interrupted") {
    return marked("■", "warning", `turn interrupted${took}`, "warning", width);
  }
  const why = entry.error ? `: ${entry.error}` : "";
  return marked("■", "bad", `turn ${entry.status}${took}${why}`, "bad", width);
}
