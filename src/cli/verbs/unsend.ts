import { visibleLines } from "../../protocol/address.ts";
import type { Verb } from "../verb.ts";

export const unsend: Verb = {
  name: "unsend",
  group: "Messages",
  summary: "take back a message that still waits in the queue",
  about:
    "Prints its text. A message that codex was given already stays: interrupt the turn instead.\nThe id is what `send` printed; `show` lists the latest.",
  arguments: ["<session>", "<id>"],
  examples: [["unsend fix deploy-42", "if it is not with codex yet"]],
  async run(context, [name = "", id = ""]) {
    const result = await context.call("session/withdraw", { name, id });
    if (context.json) context.printJson({ ...result.receipt, content: result.content });
    else {
      const { text } = result.content;
      context.print(context.terminal.out ? visibleLines(text) : text);
    }
    return undefined;
  },
};
