import { approvalLines } from "../text/approval.ts";
import type { Verb } from "../verb.ts";

export const approvals: Verb = {
  name: "approvals",
  group: "Approvals",
  summary: "list what waits for an answer",
  arguments: ["[session]"],
  examples: [
    ["approvals", "of all sessions"],
    ["approvals fix --json", "for a script"],
  ],
  async run(context, [name]) {
    const { approvals: waiting } = await context.call("session/approvals", name ? { name } : {});
    if (context.json) {
      // What codex asked with is for clients that draw it; `tail --json` has it, too.
      context.printJson(
        waiting.map(({ method: _method, params: _params, ...approval }) => approval),
      );
    } else if (waiting.length === 0) {
      context.note("No approval waits.");
    } else {
      for (const approval of waiting)
        context.print(approvalLines(approval, context.terminal.columns).join("\n"));
    }
    return undefined;
  },
};
