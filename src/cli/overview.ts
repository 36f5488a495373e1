/** The help of the whole: every verb on a line, by group, and what they have in common. */
import { verbs } from "./commands.ts";
import { GROUPS, globalOptions, type Verb } from "./verb.ts";

export function overview(): string {
  const rows = verbs.map((verb) => ({ verb, term: termOf(verb) }));
  const options = [
    ...globalOptions.map(({ flags, about }) => [flags, about] as const),
    ["-V, --version", "print the version"] as const,
    ["-h, --help", "print this help, or a verb's"] as const,
  ];
  const width = Math.max(
    ...rows.map(({ term }) => term.length),
    ...options.map(([flags]) => flags.length),
  );
  const line = (term: string, about: string) => `  ${term.padEnd(width)}  ${about}`;
  const groups = GROUPS.map((group) => {
    const own = rows.filter(({ verb }) => verb.group === group);
    return [`${group}:`, ...own.map(({ verb, term }) => line(term, verb.summary))].join("\n");
  });
  const common = ["With every verb:", ...options.map(([flags, about]) => line(flags, about))].join(
    "\n",
  );
  return [head, ...groups, common, end].join("\n\n");
}

function termOf({ name, alias, arguments: words = [], verbs: below }: Verb): string {
  const names = alias ? `${name}, ${alias}` : name;
  return [names, ...words, ...(below ? [below.map((verb) => verb.name).join("|")] : [])].join(" ");
}

const head = `Usage: hacs-session [verb] [arguments] [options]

tmux for Codex agents: named sessions that outlive terminals, logins and daemons.
Without a verb it attaches to the session used last.`;

const end = `Examples:
  hacs-session new fix "make the tests pass"   start a session here, and watch it
  hacs-session attach fix                      come back to it, from anywhere
  hacs-session send fix "and now?" --wait      say something, print the answer
  hacs-session help send                       all about one verb

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such session, 4 the turn failed,
5 an approval waits, 6 unreachable, 7 not allowed, 124 timed out, 130 interrupted.`;
