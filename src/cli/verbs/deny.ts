import { giveAnswer } from "../answer.ts";
import type { Verb } from "../verb.ts";

export const deny: Verb<{ abort?: boolean }> = {
  name: "deny",
  group: "Approvals",
  summary: "refuse what waits",
  about:
    "The agent is told, and goes on without it. Where codex offers no such answer, the turn is stopped, and the result says so. ID may be left out when one approval waits.",
  arguments: ["<session>", "[id]"],
  options: [{ flags: "--abort", about: "and stop the turn" }],
  examples: [
    ["deny fix", "the agent looks for another way, if codex lets it"],
    ["deny fix --abort", "the turn ends here"],
  ],
  async run(context, [name = "", id], options) {
    await giveAnswer(context, name, id, { decision: options.abort ? "cancel" : "decline" });
    return undefined;
  },
};
