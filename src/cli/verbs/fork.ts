import { checkName } from "../../protocol/address.ts";
import { environment } from "../session-environment.ts";
import type { Verb } from "../verb.ts";

export const fork: Verb = {
  name: "fork",
  group: "Lifecycle",
  summary: "make a second session that goes on from where one is",
  arguments: ["<session>", "<new-name>"],
  examples: [["fork fix fix-2", "try another way, and keep the first"]],
  async run(context, [name = "", to = ""]) {
    const { session } = await context.call("session/fork", {
      name,
      to: checkName(to),
      env: environment(context.env),
    });
    if (context.json) context.printJson(session);
    else context.print(session.name);
    return undefined;
  },
};
