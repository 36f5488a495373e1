/** The help of the whole: every verb on a line, by group, and what they have in common. */
import { verbs } from "./commands.ts";
import { optionRow } from "./help.ts";
import { proseColumns, type Row, rowLines, wrap } from "./text/wrap.ts";
import { GROUPS, globalOptions, type Verb } from "./verb.ts";

export function overview(columns: number): string {
  const width = proseColumns(columns);
  const rows = verbs.map((verb) => ({ verb, term: termOf(verb), text: verb.summary }));
  const options: Row[] = [
    ...globalOptions.map(optionRow),
    { term: "-V, --version", text: "print the version" },
    { term: "-h, --help", text: "print this help, or a verb's" },
  ];
  const termColumns = Math.max(...[...rows, ...options].map(({ term }) => term.length));
  const table = (title: string, of: Row[]) =>
    [`${title}:`, ...rowLines(of, width, { termColumns })].join("\n");
  return [
    wrap(usage, width, "    ").join("\n"),
    wrap(about, width).join("\n"),
    ...GROUPS.map((group) =>
      table(
        group,
        rows.filter(({ verb }) => verb.group === group),
      ),
    ),
    table("With every verb", options),
    ["Examples:", ...rowLines(examples, width)].join("\n"),
    wrap(exitCodes, width).join("\n"),
  ].join("\n\n");
}

function termOf({ name, alias, arguments: words = [], verbs: below }: Verb): string {
  const names = alias ? `${name}, ${alias}` : name;
  return [names, ...words, ...(below ? ["<verb>"] : [])].join(" ");
}

const usage = "Usage: hacs-session [verb] [arguments] [options]";
const about =
  "tmux for Codex agents: named sessions that outlive terminals, logins and daemons. Without a verb it attaches to the session used last.";

const examples: Row[] = [
  { term: 'hacs-session new fix "make it pass"', text: "a session here; watch it" },
  { term: "hacs-session attach fix", text: "come back to it, from anywhere" },
  { term: 'hacs-session send fix "…" --wait', text: "say something, print the answer" },
  { term: "hacs-session help send", text: "all about one verb" },
];

const exitCodes =
  "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such session, 4 the turn failed, 5 an approval waits, 6 unreachable, 7 not allowed, 124 timed out, 130 interrupted.";
