import { checkAddress } from "../../protocol/address.ts";
import { ownEnvironment } from "../elsewhere.ts";
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
      to: checkAddress(to),
      ...ownEnvironment(context, name),
    });
    if (context.json) context.printJson(session);
    else context.print(session.name);
    return undefined;
  },
};
