import { HacsError } from "../../protocol/errors.ts";
import { type KeepOptions, keepOf, keepOptions } from "../keep.ts";
import { keepText } from "../text/keep.ts";
import type { Verb } from "../verb.ts";

export const update: Verb<KeepOptions> = {
  name: "update",
  group: "Lifecycle",
  summary: "change what is kept of a session's history",
  about:
    "At once, and while it runs. What is dropped is gone for good, and the history says where it begins; the last turn always stays whole.",
  arguments: ["<session>"],
  endedToo: true,
  options: keepOptions,
  examples: [
    ["update fix --keep 30d", "nothing older than 30 days"],
    ["update fix --keep-size 100M", "and not more than so much"],
    ["update fix --keep forever", "whatever the config says"],
  ],
  async run(context, [name = ""], options) {
    const keep = keepOf(options);
    if (keep === undefined) {
      throw new HacsError(
        "invalid-usage",
        "update takes what to change.",
        "Try: hacs-session update NAME --keep 30d",
      );
    }
    const { session } = await context.call("session/update", { name, keep });
    if (context.json) context.printJson(session);
    else context.note(`${session.name} keeps ${keepText(session.keep)}.`);
    return undefined;
  },
};
