import { eachName } from "../each-name.ts";
import type { Verb } from "../verb.ts";

export const kill: Verb = {
  name: "kill",
  group: "Lifecycle",
  summary: "end sessions and keep their history",
  arguments: ["<session...>"],
  examples: [
    ["kill fix", "its history stays: hacs-session tail fix"],
    ["kill fix review", "several at once"],
  ],
  async run(context, names) {
    const ended = await eachName(context, names, async (name) => {
      const { session, cancelled } = await context.call("session/kill", { name });
      const lost = cancelled === 0 ? "" : ` Messages that were not delivered: ${cancelled}.`;
      if (!context.json) context.note(`Ended ${session.name}.${lost}`);
      return { ...session, cancelled };
    });
    if (context.json) context.printJson(ended);
    return undefined;
  },
};
