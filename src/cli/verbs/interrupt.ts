import { visible } from "../../protocol/address.ts";
import type { Verb } from "../verb.ts";

export const interrupt: Verb = {
  name: "interrupt",
  group: "Messages",
  summary: "end the running turn; the session goes on",
  arguments: ["<session>"],
  examples: [["interrupt fix", "as the escape key does in codex"]],
  async run(context, [name = ""]) {
    const result = await context.call("session/interrupt", { name });
    if (context.json) context.printJson(result);
    else context.note(`Interrupted turn ${visible(result.turnId)} of ${visible(name)}.`);
    return undefined;
  },
};
