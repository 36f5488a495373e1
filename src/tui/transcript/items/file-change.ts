import { visible } from "../../../protocol/address.ts";
import { isObject, type JsonObject } from "../../../protocol/messages.ts";
import { chop, indent, type Line, span, wrap } from "../../text/lines.ts";
import { readDiff } from "./diff.ts";
import { type Drawer, type Drawing, excerpt, objectsOf, textOf, within } from "./drawing.ts";

/** Files that were changed, each with its diff. */
export const fileChange: Drawer = (item, drawing) => {
  const changes = objectsOf(item.changes).flatMap((change) => drawChange(change, drawing));
  const said = { declined: "not changed: declined", failed: "not changed: the patch failed" }[
    textOf(item.status)
  ];
  const state = said ?? (item.status === "inProgress" ? drawing.running : undefined);
  if (state === undefined) return changes;
  return [...changes, ...wrap([span(`  ${state}`, "warning")], drawing.width)];
};

const verbs: Record<string, string> = { add: "new", delete: "deleted", update: "changed" };

/** Of a diff that is folded, the rows at its beginning and at its end. */
const headRows = 16;
const tailRows = 4;
/** On a narrower screen the numbers would take more than they give. */
const numbersWidthMin = 24;

function drawChange(change: JsonObject, drawing: Drawing): Line[] {
  const kind = isObject(change.kind) ? textOf(change.kind.type) : textOf(change.kind);
  const movedTo = isObject(change.kind) ? textOf(change.kind.move_path) : "";
  const { lines, added, removed } = readDiff(kind, textOf(change.diff));
  const title = [
    span(visible(within(drawing.cwd, textOf(change.path))), "path"),
    ...(movedTo === "" ? [] : [span(` → ${visible(within(drawing.cwd, movedTo))}`, "path")]),
    span(` ${verbs[kind] ?? visible(kind)} `, "dim"),
    span(`+${added} `, "added"),
    span(`−${removed}`, "removed"),
  ];
  const most = lines.reduce((max, { number }) => Math.max(max, number ?? 0), 0);
  const gutter = most === 0 || drawing.width < numbersWidthMin ? 0 : String(most).length + 1;
  // The excerpt goes by rows of one text; which of them it asks for is told by the order.
  const draw = (row: string): Line[] => {
    const { number, text, style } = lines[Number(row)]!;
    const source = visible(
      text.replaceAll("\t", "    ").slice(0, drawing.expanded ? undefined : rowCharsMax),
    );
    const label = String(number ?? "").padStart(Math.max(0, gutter - 1));
    const rows = chop([span(source, style)], drawing.width - 2 - gutter);
    return gutter === 0 ? rows : indent(rows, span(`${label} `, "dim"), span(" ".repeat(gutter)));
  };
  const order = lines.map((_, index) => index).join("\n");
  const said = order === "" || (drawing.asked === true && !drawing.expanded);
  const body = said ? [] : excerpt(order, drawing, draw, headRows, tailRows);
  return [
    ...indent(chop(title, drawing.width - 2), span("± ", "prompt"), span("  ")),
    ...indent(body, span("  "), span("  ")),
  ];
}

/** A single line of a diff that is longer is data, and folded with the rest. */
const rowCharsMax = 1_000;
