import type { ArchivedSession } from "../../protocol/archive.ts";
import type { Context } from "../context.ts";
import { asInfo } from "../history-pages.ts";
import { sessionTable } from "../text/session-table.ts";
import type { Verb } from "../verb.ts";

export const ls: Verb<{ all?: boolean; archive?: boolean }> = {
  name: "ls",
  alias: "list",
  group: "Sessions",
  summary: "list the sessions",
  options: [
    {
      flags: "-a, --all",
      about: "those that were ended, too, and ids: ended namesakes are told apart by them",
    },
    {
      flags: "--archive",
      about: "those in the archive, of all machines; those that live, unless with --all",
    },
  ],
  examples: [
    ["ls", "name, state, model, directory, clients, waiting approvals, last activity"],
    ["ls --archive", "the sessions of all machines, those that were active last first"],
    [
      "ls --json | jq -r '.[] | select(.approvals > 0).name'",
      "the sessions that wait for an answer",
    ],
  ],
  async run(context, _args, options) {
    if (options.archive) return listArchive(context, options.all ?? false);
    const { sessions } = await context.call("session/list", options.all ? { all: true } : {});
    if (context.json) {
      context.printJson(sessions);
    } else if (sessions.length === 0) {
      context.note('No sessions yet. Make one here with: hacs-session new [NAME] ["what to do"]');
    } else {
      const lines = await sessionTable(
        sessions,
        { columns: context.terminal.columns, ids: options.all ?? false },
        context,
      );
      context.print(lines.join("\n"));
    }
    return undefined;
  },
};

async function listArchive(context: Context, all: boolean): Promise<undefined> {
  const found: ArchivedSession[] = [];
  for (let more = true; more; ) {
    const page = await context.call("archive/sessions", { offset: found.length });
    found.push(...page.sessions);
    more = page.more;
  }
  const sessions = found.filter(({ endedAt }) => all || endedAt === null);
  if (context.json) {
    context.printJson(sessions);
  } else if (sessions.length === 0) {
    context.note("The archive has no sessions yet.");
  } else {
    const lines = await sessionTable(
      sessions.map(asInfo),
      { columns: context.terminal.columns, ids: all, archived: true },
      context,
    );
    context.print(lines.join("\n"));
  }
  return undefined;
}
