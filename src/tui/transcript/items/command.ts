import { withoutShell } from "../../../protocol/activity.ts";
import { visible, visibleLines } from "../../../protocol/address.ts";
import { formatDuration } from "../../../protocol/duration.ts";
import type { JsonObject } from "../../../protocol/messages.ts";
import { trimEnd } from "../../../protocol/trim-end.ts";
import { chop, indent, type Line, lineCells, type Span, span, wrap } from "../../text/lines.ts";
import { type Drawer, type Drawing, excerpt, textOf, within } from "./drawing.ts";

/** Rows of output that a folded card shows: the last ones, and once it has ended a few first. */
const runningTail = 8;
const endedHead = 2;
const endedTail = 10;
/** Of a long script the rows that tell what it is. */
const scriptHead = 6;
const scriptTail = 2;

/** A command, where it ran, what it printed last, and how it ended. */
export const command: Drawer = (item, drawing) => {
  const width = drawing.width - 2;
  const output = textOf(item.aggregatedOutput);
  const running = item.status === "inProgress";
  const draw = (line: string) =>
    indent(
      chop([span(lastOverprint(line), "output")], width - 2),
      span("│ ", "rule"),
      span("│ ", "rule"),
    );
  const [head, tail] = running ? [0, runningTail] : [endedHead, endedTail];
  return [
    ...indent(title(item, drawing), span("$ ", "prompt"), span("  ")),
    ...(output === "" ? [] : excerpt(output, drawing, draw, head, tail)).map((row) => [
      span("  "),
      ...row,
    ]),
    ...outcome(item, drawing).map((row) => [span("  "), ...row]),
  ];
};

/** The command; its directory if it is another than the session's; a success, beside it. */
function title(item: JsonObject, drawing: Drawing): Line[] {
  const width = drawing.width - 2;
  const script = withoutShell(textOf(item.command));
  const draw = (line: string) => chop([span(visibleLines(line), "command")], width);
  const rows = excerpt(script, drawing, draw, scriptHead, scriptTail);
  const cwd = textOf(item.cwd);
  if (cwd !== "" && cwd !== drawing.cwd) {
    const place = [span("in ", "dim"), span(visible(within(drawing.cwd, cwd)), "path")];
    rows.push(...chop(place, width));
  }
  if (item.status === "inProgress" || item.exitCode !== 0) return rows;
  const done = span(`  ✓${tookOf(item, "")}`, "good");
  const last = rows.at(-1) ?? [];
  if (lineCells(last) + lineCells([done]) > width) return rows;
  return [...rows.slice(0, -1), [...last, done]];
}

function tookOf(item: JsonObject, word: string): string {
  return typeof item.durationMs === "number" && item.durationMs >= 1000
    ? `${word} ${formatDuration(item.durationMs)}`
    : "";
}

/** Nothing for a success: it stands beside the command. */
function outcome(item: JsonObject, drawing: Drawing): Line[] {
  const width = drawing.width - 2;
  const took = tookOf(item, " after");
  const say = (line: Span): Line[] => wrap([line], width);
  if (item.status === "declined") return say(span("not run: declined", "warning"));
  if (item.status === "inProgress") return say(span(drawing.running ?? "running…", "dim"));
  if (typeof item.exitCode === "number" && item.exitCode !== 0) {
    return say(span(`exit code ${item.exitCode}${took}`, "bad"));
  }
  return item.status === "failed" ? say(span(`failed${took}`, "bad")) : [];
}

/** A progress bar rewrites its line with carriage returns: only its last state is worth a row. */
function lastOverprint(line: string): string {
  const clean = trimEnd(line, "\r").replace(/\u001b\[[0-9;]*m/g, "");
  const start = clean.lastIndexOf("\r") + 1;
  return visible(clean.slice(start).replaceAll("\t", "    "));
}
