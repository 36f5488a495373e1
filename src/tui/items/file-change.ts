import { visible } from "../../protocol/address.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { chop, indent, type Line, span, wrap } from "../lines.ts";
import type { StyleName } from "../theme.ts";
import { type Drawer, type Drawing, excerpt, objectsOf, textOf } from "./drawing.ts";

/** Files that were changed, each with its diff. */
export const fileChange: Drawer = (item, drawing) => {
  const changes = objectsOf(item.changes).flatMap((change) => drawChange(change, drawing));
  const said = { declined: "not changed: declined", failed: "not changed: the patch failed" }[
    textOf(item.status)
  ];
  if (said === undefined) return changes;
  return [...changes, ...wrap([span(`  ${said}`, "warning")], drawing.width)];
};

const verbs: Record<string, string> = { add: "new", delete: "deleted", update: "changed" };

function drawChange(change: JsonObject, drawing: Drawing): Line[] {
  const kind = isObject(change.kind) ? textOf(change.kind.type) : textOf(change.kind);
  const movedTo = isObject(change.kind) ? textOf(change.kind.move_path) : "";
  const diff = diffOf(kind, textOf(change.diff));
  const lines = diff.split("\n");
  const added = lines.filter((line) => styleOf(line) === "added").length;
  const removed = lines.filter((line) => styleOf(line) === "removed").length;
  const title = [
    span(visible(within(drawing.cwd, textOf(change.path))), "path"),
    ...(movedTo === "" ? [] : [span(` → ${visible(within(drawing.cwd, movedTo))}`, "path")]),
    span(` ${verbs[kind] ?? visible(kind)} `, "dim"),
    span(`+${added} `, "added"),
    span(`−${removed}`, "removed"),
  ];
  const draw = (line: string) =>
    chop([span(visible(line.replaceAll("\t", "    ")), styleOf(line))], drawing.width - 2);
  const body = diff === "" ? [] : excerpt(diff, drawing, draw);
  return [
    ...indent(chop(title, drawing.width - 2), span("± ", "prompt"), span("  ")),
    ...indent(body, span("  "), span("  ")),
  ];
}

function within(cwd: string, path: string): string {
  return cwd !== "" && path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

/** codex gives a unified diff for an update, and the bare content of a file that came or went. */
function diffOf(kind: string, diff: string): string {
  const text = diff.replaceAll("\r\n", "\n").replace(/\n$/, "");
  if (text === "" || (kind !== "add" && kind !== "delete") || /^(@@|--- )/.test(text)) return text;
  return text.replace(/^/gm, kind === "add" ? "+" : "-");
}

function styleOf(line: string): StyleName {
  if (/^(\+\+\+|---) /.test(line) || line.startsWith("@@")) return "dim";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "plain";
}
