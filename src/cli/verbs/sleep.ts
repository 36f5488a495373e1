import type { Verb } from "../verb.ts";

export const sleep: Verb<{ force?: boolean }> = {
  name: "sleep",
  group: "Lifecycle",
  summary: "end the agent and keep the session; a message wakes it",
  arguments: ["<session>"],
  options: [{ flags: "-f, --force", about: "in the middle of a turn, too" }],
  examples: [["sleep fix", "frees its memory"]],
  async run(context, [name = ""], options) {
    const { session } = await context.call("session/sleep", {
      name,
      ...(options.force ? { force: true } : {}),
    });
    if (context.json) context.printJson(session);
    else context.note(`${session.name} is ${session.state}.`);
    return undefined;
  },
};
