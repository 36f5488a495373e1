import { HacsError } from "../../protocol/errors.ts";
import { archiveOption } from "../archive-option.ts";
import { historyPages, sessionOf } from "../history-pages.ts";
import { JsonPrinter, type RecordPrinter } from "../json-printer.ts";
import { TextPrinter } from "../text-printer.ts";
import { type Verb, wholeNumber } from "../verb.ts";
import { watch } from "../watch.ts";

interface Options {
  follow?: boolean;
  lines?: number;
  since?: number;
  deltas?: boolean;
  archive?: boolean;
}

export const tail: Verb<Options> = {
  name: "tail",
  group: "Messages",
  summary: "print a session's history, and follow it",
  about:
    "Prints all of it unless -n or --since say where to begin. With --json, one record a line; its seq is the cursor to come back with: --since SEQ prints what came after it.",
  arguments: ["<session>"],
  endedToo: true,
  options: [
    { flags: "-f, --follow", about: "go on with what comes" },
    {
      flags: "-n, --lines <n>",
      about: "the last N entries; with --json, records",
      parse: wholeNumber("-n"),
      conflicts: ["since"],
    },
    {
      flags: "--since <seq>",
      about: "only what came after this seq",
      parse: wholeNumber("--since"),
    },
    {
      flags: "--deltas",
      about: "answers while they are written (the default for -f on a terminal)",
    },
    { ...archiveOption, conflicts: ["follow"] },
  ],
  examples: [
    ["tail fix -n 20", "the last 20 things that were said or done"],
    ["tail fix -f", "all of it, then live"],
    ["tail fix -f --json --since 120 | jq .method", "for a script that has everything up to 120"],
  ],
  streams: true,
  async run(context, [name = ""], options) {
    const session = await sessionOf(context, name, options.archive ?? false);
    const streams = options.deltas ?? (context.terminal.out && !context.json);
    const printer: RecordPrinter = context.json
      ? new JsonPrinter(context, session.name, options.deltas ?? false)
      : new TextPrinter(context, session, streams && (options.follow ?? false));
    let cursor = options.since ?? 0;
    for await (const record of historyPages(context, session.id, options, printer.counts)) {
      printer.record(record);
      cursor = record.seq;
    }
    if (!options.follow || printer.ended) {
      printer.finish();
      return undefined;
    }
    if (cursor === 0) cursor = options.lines === undefined ? 0 : session.seq;
    context.onInterrupt(() => printer.finish());
    await watch<void>(context, {
      attach: { name: session.id, after: cursor, deltas: streams, visible: false },
      waitsFor: "more",
      onAttached: (result) => printer.caughtUp(result.session, result.approvals),
      onEvent(event, settle) {
        printer.record(event);
        if (printer.ended) settle();
      },
    }).catch((error: unknown) => {
      // Removed or ended while this was away: there is nothing more to follow.
      if (!(error instanceof HacsError && error.exitCode === 3)) throw error;
    });
    printer.finish();
    return undefined;
  },
};
