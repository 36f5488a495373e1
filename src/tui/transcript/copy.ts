/** What `y` and `Y` copy: an item as it was written, or its last block of code. Pure. */

import { visible } from "../../protocol/address.ts";
import { trimEnd } from "../../protocol/trim-end.ts";
import { layoutOf } from "../layout.ts";
import { type Model, noticed, only, type Step } from "../model.ts";
import { copyBytesMax, pasteable } from "../terminal/clipboard.ts";
import { blocksOf, type Thing, type TranscriptBlocks } from "./blocks.ts";
import { itemOfDraft } from "./items/draft.ts";
import { objectsOf, textOf } from "./items/drawing.ts";
import { userText } from "./items/user-message.ts";
import { textOfLine } from "./match.ts";
import { view } from "./viewport.ts";

/** The item that keys mean while scrolling: the one with the match in view, else the lowest. */
export function currentIndex(model: Model, blocks: TranscriptBlocks): number {
  const { places } = view(blocks, model.anchor, Math.max(1, layoutOf(model).transcriptRows));
  const hit = model.search?.hit;
  const found = hit ? places.find(({ index }) => blocks.key(index) === hit.key) : undefined;
  const lowest = places.findLast(({ index, row }) => index >= blocks.head && row > 0);
  return (found ?? lowest)?.index ?? -1;
}

export function copyCurrent(model: Model, code: boolean): Step {
  const blocks = blocksOf(model);
  return copy(model, blocks, currentIndex(model, blocks), code);
}

/** The last answer of the agent's, for a keyboard that has only `/copy`. */
export function copyLast(model: Model, code: boolean): Step {
  const blocks = blocksOf(model);
  let index = blocks.count - 1;
  while (index >= blocks.head && typeOf(blocks.thing(index)) !== "agentMessage") index--;
  return copy(model, blocks, index, code);
}

function copy(model: Model, blocks: TranscriptBlocks, index: number, code: boolean): Step {
  const thing = index < blocks.head ? undefined : blocks.thing(index);
  if (thing === undefined) return only(noticed(model, "nothing here to copy"));
  const whole = textToCopy(thing) ?? blocks.full(index).slice(1).map(textOfLine).join("\n");
  const block = code ? lastCode(whole) : whole;
  if (block === null) return only(noticed(model, "no code block in this item"));
  const text = trimEnd(pasteable(block), "\n");
  const bytes = Buffer.byteLength(text);
  if (bytes > copyBytesMax) {
    const kilobytes = (count: number) => `${Math.ceil(count / 1000)} kB`;
    const said = `not copied: ${kilobytes(bytes)}, a terminal takes ${kilobytes(copyBytesMax)}`;
    return only(noticed(model, said, "warning"));
  }
  const lines = text.split("\n").length;
  const size = lines === 1 ? `${text.length} characters` : `${lines} lines`;
  const what = code ? "code block" : (names[typeOf(thing)] ?? "item");
  const first = visible(text.trimStart().split("\n")[0]?.slice(0, 60) ?? "");
  return only(noticed(model, `copied ${what} (${size}): ${first}`), { do: "copy", text });
}

const names: Record<string, string> = {
  agentMessage: "answer",
  userMessage: "message",
  commandExecution: "command and output",
  fileChange: "diff",
  plan: "plan",
  reasoning: "reasoning",
};

function typeOf(thing: Thing | undefined): string {
  if (thing === undefined) return "";
  if ("fields" in thing) return textOf(itemOfDraft(thing).type);
  return "kind" in thing && thing.kind === "item" ? textOf(thing.item.type) : "";
}

/** As it was written; null for what is copied as it is drawn. */
function textToCopy(thing: Thing): string | null {
  if ("kind" in thing && thing.kind !== "item") return null;
  const item = "fields" in thing ? itemOfDraft(thing) : thing.item;
  switch (item.type) {
    case "agentMessage":
    case "plan":
      return textOf(item.text);
    case "userMessage":
      return userText(item);
    case "commandExecution":
      return [textOf(item.command), textOf(item.aggregatedOutput)].filter(Boolean).join("\n");
    case "fileChange":
      return objectsOf(item.changes)
        .map((change) => `${textOf(change.path)}\n${textOf(change.diff)}`)
        .join("\n");
    default:
      return null;
  }
}

/** The last fenced block, without its fences; one still on its way counts up to where it is. */
function lastCode(text: string): string | null {
  let last: string | null = null;
  let open: { fence: string; lines: string[] } | null = null;
  for (const line of text.split("\n")) {
    const fence: string | undefined = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (open === null) {
      if (fence !== undefined) open = { fence, lines: [] };
    } else if (fence?.startsWith(open.fence) && line.trim() === fence) {
      last = open.lines.join("\n");
      open = null;
    } else {
      open.lines.push(line);
    }
  }
  return open === null ? last : open.lines.join("\n");
}
