import { HacsError } from "../../protocol/errors.ts";
import { type KeepOptions, keepOf, keepOptions } from "../keep.ts";
import { type LimitOptions, limitOptions, limitsOf } from "../limits.ts";
import { keepText } from "../text/keep.ts";
import { limitsText } from "../text/limits.ts";
import type { Verb } from "../verb.ts";

export const update: Verb<KeepOptions & LimitOptions> = {
  name: "update",
  group: "Lifecycle",
  summary: "change what bounds a session, and what is kept of its history",
  about:
    "At once, and while it runs. --ttl counts from now. What is dropped is gone for good, and the history says where it begins; the last turn always stays whole.",
  arguments: ["<session>"],
  endedToo: true,
  options: [...limitOptions, ...keepOptions],
  examples: [
    ["update fix --idle-timeout never", "its agent stays awake"],
    ["update fix --ttl 2h", "it ends in two hours"],
    ["update fix --keep 30d", "nothing older than 30 days"],
    ["update fix --keep-size 100M", "and not more than so much"],
    ["update fix --keep forever", "whatever the config says"],
  ],
  async run(context, [name = ""], options) {
    const keep = keepOf(options);
    const limits = limitsOf(options);
    if (keep === undefined && limits === undefined) {
      throw new HacsError(
        "invalid-usage",
        "update takes what to change.",
        "Try: hacs-session update NAME --keep 30d",
      );
    }
    const { session } = await context.call("session/update", {
      name,
      ...(keep === undefined ? {} : { keep }),
      ...(limits === undefined ? {} : { limits }),
    });
    if (context.json) context.printJson(session);
    else {
      if (keep !== undefined) context.note(`${session.name} keeps ${keepText(session.keep)}.`);
      if (limits !== undefined) context.note(`${session.name} ${limitsText(session)}.`);
    }
    return undefined;
  },
};
