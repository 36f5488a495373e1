import { resolve } from "node:path";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { HistoryRecord } from "../../protocol/session.ts";
import { archiveOption } from "../archive-option.ts";
import type { Context } from "../context.ts";
import { historyPages, sessionOf } from "../history-pages.ts";
import { toJson } from "../output.ts";
import type { Verb } from "../verb.ts";

const FORMATS = ["md", "json", "html"] as const;

interface Options {
  format?: (typeof FORMATS)[number];
  output?: string;
  archive?: boolean;
}

// `export` is a word of the language, so it can't be the constant's name.
export const exportSession: Verb<Options> = {
  name: "export",
  group: "History",
  summary: "write a session's history as Markdown, JSON or HTML",
  about:
    "json is the records as they are, md and html what people read: html is one page that needs nothing else. Without --format the file's name decides, else it is md.",
  arguments: ["<session>"],
  endedToo: true,
  options: [
    { flags: "-f, --format <format>", about: "md, json or html", choices: FORMATS },
    {
      flags: "-o, --output <file>",
      about: "into this file, which is written over (default: stdout)",
      completes: "file",
    },
    archiveOption,
  ],
  examples: [
    ["export fix > fix.md", "what was said and done"],
    ["export fix -o fix.html", "a page to send to somebody"],
    ["export fix --format json | jq length", "for a script"],
    ["export --archive desk/fix > fix.md", "of another machine, or of one that is gone"],
  ],
  streams: true,
  async run(context, [name = ""], { format, output, archive = false }) {
    const session = await sessionOf(context, name, archive);
    const records: HistoryRecord[] = [];
    for await (const record of historyPages(context, session.id, { since: 0, archive }, () => true))
      records.push(record);
    const text = await render(format ?? formatOf(context, output), session.name, records);
    if (output === undefined) {
      context.write(text);
      return undefined;
    }
    const file = resolve(context.cwd, output);
    const { writeFile } = await import("node:fs/promises");
    await writeFile(file, text, { mode: 0o600 }).catch((error: unknown) => {
      throw new HacsError("invalid-usage", `${file} can't be written: ${messageOf(error)}`);
    });
    context.note(`Wrote ${records.length} records of ${session.name} to ${file}.`);
    return undefined;
  },
};

function formatOf(context: Context, output: string | undefined): (typeof FORMATS)[number] {
  const ending = FORMATS.find((format) => output?.endsWith(`.${format}`));
  return ending ?? (context.json ? "json" : "md");
}

/** What a format is made with is loaded when it is asked for. */
async function render(
  format: (typeof FORMATS)[number],
  name: string,
  records: HistoryRecord[],
): Promise<string> {
  if (format === "html") return (await import("../../export/html.ts")).htmlOf(name, records);
  if (format === "md") return (await import("../../export/markdown.ts")).markdownOf(name, records);
  return `[\n${records.map((record) => toJson(record)).join(",\n")}\n]\n`;
}
