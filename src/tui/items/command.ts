import { visible, visibleLines } from "../../protocol/address.ts";
import { formatDuration } from "../../protocol/duration.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import { chop, indent, type Line, type Span, span, wrap } from "../lines.ts";
import { type Drawer, excerpt, textOf } from "./drawing.ts";

/** A command, what it printed, and how it ended. */
export const command: Drawer = (item, drawing) => {
  const width = drawing.width - 2;
  const rows = visibleLines(withoutShell(textOf(item.command)))
    .split("\n")
    .flatMap((line) => chop([span(line, "command")], width));
  const output = textOf(item.aggregatedOutput);
  const draw = (line: string) =>
    indent(
      chop([span(lastOverprint(line), "output")], width - 2),
      span("│ ", "rule"),
      span("│ ", "rule"),
    );
  return [
    ...indent(rows, span("$ ", "prompt"), span("  ")),
    ...(output === "" ? [] : excerpt(output, drawing, draw)).map((row) => [span("  "), ...row]),
    ...outcome(item, width).map((row) => [span("  "), ...row]),
  ];
};

/** Nothing for a quick success: the output says it all. */
function outcome(item: JsonObject, width: number): Line[] {
  const took =
    typeof item.durationMs === "number" && item.durationMs >= 1000
      ? ` after ${formatDuration(item.durationMs)}`
      : "";
  const say = (line: Span): Line[] => wrap([line], width);
  if (item.status === "declined") return say(span("not run: declined", "warning"));
  if (item.status === "inProgress") return say(span("running…", "dim"));
  if (typeof item.exitCode === "number" && item.exitCode !== 0) {
    return say(span(`exit code ${item.exitCode}${took}`, "bad"));
  }
  if (item.status === "failed") return say(span(`failed${took}`, "bad"));
  return took === "" ? [] : say(span(`done${took}`, "dim"));
}

/** codex wraps what it runs in the user's shell; the transcript shows what is inside. */
function withoutShell(text: string): string {
  const match =
    /^(?:\/[\w/.-]*\/)?(?:ba|z|da)?sh -l?c (?:'([^']*)'|"([^"\\$`]*)"|([\w./-]+))$/.exec(text);
  return match?.[1] ?? match?.[2] ?? match?.[3] ?? text;
}

/** A progress bar rewrites its line with carriage returns: only its last state is worth a row. */
function lastOverprint(line: string): string {
  const clean = line.replace(/\r+$/, "").replace(/\u001b\[[0-9;]*m/g, "");
  const start = clean.lastIndexOf("\r") + 1;
  return visible(clean.slice(start).replaceAll("\t", "    "));
}
