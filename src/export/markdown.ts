/** A history as Markdown. Pure. */
import { visible } from "../protocol/address.ts";
import type { SessionEvent } from "../protocol/records.ts";
import { type Part, partsOf } from "./parts.ts";

export function markdownOf(name: string, records: readonly SessionEvent[]): string {
  return `# ${visible(name)}\n\n${partsOf(records).map(markdownPart).join("\n\n")}\n`;
}

function markdownPart(part: Part): string {
  switch (part.kind) {
    case "message": {
      const when = part.at.slice(0, 16).replace("T", " ");
      return `## ${when}${part.by === null ? "" : ` ${part.by}`}\n\n${quoted(part.text)}`;
    }
    case "answer":
      return part.text;
    case "command": {
      const said = `$ ${part.command}\n${part.output}`.trimEnd();
      return `${fenced(said)}${part.outcome === "" ? "" : `\n(${part.outcome})`}`;
    }
    case "change":
      return `\`${part.path}\`\n\n${fenced(part.diff, "diff")}`;
    case "note":
      return `*${part.text.replace(/[*_`[\]<\\]/g, "\\$&")}*`;
  }
}

function quoted(said: string): string {
  return said
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}

/** A fence longer than any in the text. */
function fenced(said: string, language = ""): string {
  const longest = Math.max(2, ...[...said.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${said}\n${fence}`;
}
