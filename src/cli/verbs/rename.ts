import { checkAddress } from "../../protocol/address.ts";
import type { Verb } from "../verb.ts";

export const rename: Verb = {
  name: "rename",
  group: "Lifecycle",
  summary: "give a session another name",
  arguments: ["<session>", "<new-name>"],
  examples: [["rename fix tests", "who is attached stays attached"]],
  async run(context, [name = "", to = ""]) {
    const { session } = await context.call("session/rename", { name, to: checkAddress(to) });
    if (context.json) context.printJson(session);
    else context.note(`${name} is now ${session.name}.`);
    return undefined;
  },
};
