import { visible } from "../../../protocol/address.ts";
import { hookEventNames } from "../../../protocol/hooks.ts";
import type { Verb } from "../../verb.ts";

export const hooksTest: Verb<{ hook?: string }> = {
  name: "test",
  group: "Daemon and set-up",
  summary: "send a sample of an event to the hooks that are for it",
  about: "Nothing is tried again, and the exit code is 1 when one of them fails.",
  arguments: ["<event>"],
  argumentChoices: hookEventNames,
  options: [
    {
      flags: "--hook <name>",
      about: "this hook alone, whatever it is for: a name that hooks ls has",
    },
  ],
  examples: [
    ["hooks test approval.requested", "says what each answered"],
    ["hooks test turn.failed --hook slack", "one of them"],
  ],
  async run(context, [event = ""], { hook }) {
    const { trials } = await context.call("hook/test", {
      event,
      ...(hook === undefined ? {} : { hook }),
    });
    if (context.json) context.printJson(trials);
    for (const { hook: name, outcome, detail, ms } of context.json ? [] : trials) {
      const how = context.paint(outcome === "done" ? "green" : "red", outcome);
      context.print(`${visible(name)}: ${how} in ${ms} ms, ${visible(detail)}`);
    }
    return trials.every(({ outcome }) => outcome === "done") ? 0 : 1;
  },
};
