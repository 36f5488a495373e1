import { sessionTable } from "../text/session-table.ts";
import type { Verb } from "../verb.ts";

export const ls: Verb<{ all?: boolean }> = {
  name: "ls",
  alias: "list",
  group: "Sessions",
  summary: "list the sessions",
  options: [
    {
      flags: "-a, --all",
      about: "those that were ended, too, and ids: ended namesakes are told apart by them",
    },
  ],
  examples: [
    ["ls", "name, state, model, directory, clients, waiting approvals, last activity"],
    [
      "ls --json | jq -r '.[] | select(.approvals > 0).name'",
      "the sessions that wait for an answer",
    ],
  ],
  async run(context, _args, options) {
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
