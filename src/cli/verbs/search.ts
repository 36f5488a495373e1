import { visible, visibleLines } from "../../protocol/address.ts";
import type { SearchHit } from "../../protocol/search.ts";
import type { Context } from "../context.ts";
import { parseSince } from "../since.ts";
import { localTime } from "../text/local-time.ts";
import { type Verb, wholeNumber } from "../verb.ts";

interface Options {
  session?: string;
  since?: string;
  lines?: number;
  archive?: boolean;
}

export const search: Verb<Options> = {
  name: "search",
  group: "History",
  summary: "find what was said or done, in all sessions",
  about:
    'Messages, answers, commands and their outputs, names of files, newest first. All words must be there; "a phrase" as it stands, word* by its beginning, -word not. Before a -word put --, which ends the options.',
  arguments: ["<words...>"],
  options: [
    { flags: "-s, --session <session>", about: "in one session", completes: "session" },
    {
      flags: "--since <time>",
      about: "a duration (1d), a date or a time",
      parse: (text) => parseSince(text),
    },
    { flags: "-n, --lines <n>", about: "at most N places (default: 50)", parse: wholeNumber("-n") },
    { flags: "--archive", about: "in the archive, where sessions of all machines are" },
  ],
  examples: [
    ["search timeout retry", "where both words are"],
    ["search -s fix --since 7d '\"connection refused\"'", "a phrase, in one session, this week"],
    ["search --archive -s desk/fix timeout", "in a session of any machine"],
    ["search migrat* --json | jq -r '.[].session'", "for a script"],
  ],
  streams: true,
  async run(context, words, { session, since, lines, archive = false }) {
    const params = {
      words: words.join(" "),
      ...(session === undefined ? {} : { name: session }),
      ...(since === undefined ? {} : { since }),
      ...(lines === undefined ? {} : { limit: Math.max(1, lines) }),
    };
    const { hits, behind } = archive
      ? { ...(await context.call("archive/search", params)), behind: 0 }
      : await context.call("daemon/search", params);
    if (context.json) context.printJson(hits.map(withText));
    else for (const hit of hits) context.print(hitLines(hit, context));
    if (behind > 0)
      context.note(`The index is still being made: ${behind} sessions are not whole in it yet.`);
    if (hits.length === 0) {
      context.note("Nothing was found.");
      return 1;
    }
    return undefined;
  },
};

/** With the snippet in one piece, too, for who wants no more. */
function withText(hit: SearchHit) {
  return { ...hit, text: hit.snippet.map(({ text }) => text).join("") };
}

export function hitLines(
  { session, seq, at, kind, snippet }: SearchHit,
  context: Pick<Context, "paint">,
): string {
  const head = [
    context.paint("bold", visible(session)),
    context.paint("dim", `${localTime(at)}  ${visible(kind)}  ${seq}`),
  ];
  const pieces = snippet.map(({ text, hit }) => {
    const shown = visibleLines(text);
    // A style ends with its line: what is between is indented.
    return hit
      ? shown
          .split("\n")
          .map((line) => context.paint("yellow", line))
          .join("\n")
      : shown;
  });
  const lines = pieces.join("").split("\n");
  return [head.join("  "), ...lines.map((line) => `    ${line}`.trimEnd())].join("\n");
}
