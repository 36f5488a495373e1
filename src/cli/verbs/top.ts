import { openTop } from "../open-tui.ts";
import { activityTable } from "../text/activity-table.ts";
import type { Verb } from "../verb.ts";

export const top: Verb = {
  name: "top",
  group: "Sessions",
  summary: "a live dashboard of all sessions",
  about:
    "State, current action, tokens a minute, turn times and waiting approvals, which are answered in place. " +
    "Enter attaches, and a detach comes back.\n" +
    "Without a terminal, or with --json, it prints one snapshot and ends, as top -b -n1 does.",
  examples: [
    ["top", "until q; ? lists the keys"],
    ["top | cat", "one snapshot as a plain table"],
    ["top --json | jq '.[] | select(.waiting != []) | {name, waiting}'", "what waits, and where"],
  ],
  async run(context) {
    const { terminal } = context;
    if (terminal.in && terminal.out && !context.json) return openTop(context);
    const { sessions } = await context.call("daemon/activity", {});
    if (context.json) context.printJson(sessions);
    else if (sessions.length === 0)
      context.note("No sessions yet. Make one with: hacs-session new");
    else context.print((await activityTable(sessions, context.terminal.columns)).join("\n"));
    return undefined;
  },
};
