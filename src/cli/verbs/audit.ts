import { visible } from "../../protocol/address.ts";
import { limits } from "../../protocol/methods.ts";
import { type AuditEntry, describeActor } from "../../protocol/session.ts";
import type { Context } from "../context.ts";
import { toJson } from "../output.ts";
import { parseSince } from "../since.ts";
import { localTime } from "../text/local-time.ts";
import { type Verb, wholeNumber } from "../verb.ts";

interface Options {
  since?: string;
  lines?: number;
}

export const audit: Verb<Options> = {
  name: "audit",
  group: "History",
  summary: "who did what, from where, with which token",
  about:
    "Attached and detached, sent, approved, killed, removed, renamed, restarted, changed settings; and what was refused. Entries stay when a session is removed, and are found by its old name.",
  arguments: ["[session]"],
  endedToo: true,
  options: [
    {
      flags: "--since <time>",
      about: "a duration (1d), a date or a time (default: all there is)",
      parse: (text) => parseSince(text),
    },
    { flags: "-n, --lines <n>", about: "the last N entries", parse: wholeNumber("-n") },
  ],
  examples: [
    ["audit --since 1d", "of all sessions, since yesterday"],
    ["audit fix --json | jq 'select(.action == \"approve\")'", "one entry a line, for a script"],
  ],
  streams: true,
  async run(context, [name], options) {
    const entries = await lastEntries(context, name, options);
    for (const entry of entries) {
      if (context.json) context.print(toJson(entry));
      else context.print(entryLine(entry, context));
    }
    if (entries.length === 0) context.note("There is no entry.");
    return undefined;
  },
};

async function lastEntries(
  context: Context,
  name: string | undefined,
  { since, lines = Number.POSITIVE_INFINITY }: Options,
): Promise<AuditEntry[]> {
  let found: AuditEntry[] = [];
  for (let before: number | null = null; found.length < lines; ) {
    const { entries, more }: { entries: AuditEntry[]; more: number | null } = await context.call(
      "daemon/audit",
      {
        ...(name === undefined ? {} : { name }),
        ...(since === undefined ? {} : { since }),
        ...(before === null ? {} : { before }),
        limit: Math.min(limits.auditLimitMax, lines - found.length),
      },
    );
    found = [...entries, ...found];
    if (more === null) break;
    before = more;
  }
  return found;
}

/** When, which session, what, and who: on one line, for reading and for grep. */
export function entryLine(
  { at, name, session, action, outcome, by, token, detail }: AuditEntry,
  context: Pick<Context, "paint">,
): string {
  const what = Object.entries(detail).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const refused = outcome === "done" ? "" : ` (${outcome})`;
  const who = `${describeActor(by)}${token === null ? "" : `, token ${token}`}`;
  const did = [action + refused, ...what].map(visible).join(" ");
  return [
    context.paint("dim", localTime(at)),
    context.paint("bold", visible(name ?? session ?? "the daemon")),
    outcome === "done" ? did : context.paint("red", did),
    `by ${visible(who)}`,
  ].join("  ");
}
