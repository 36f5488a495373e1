import { stateWords } from "../../protocol/limits.ts";
import { eachName } from "../each-name.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { environment } from "../session-environment.ts";
import type { Verb } from "../verb.ts";

export const wake: Verb<{ updateEnv?: boolean }> = {
  name: "wake",
  group: "Lifecycle",
  summary: "start the agents of sessions that sleep, or were stopped in a panic",
  arguments: ["<session...>"],
  options: [{ flags: "--update-env", about: "give it this shell's environment" }],
  examples: [["wake fix", "so that the next message finds it ready"]],
  async run(context, names, options) {
    const there = "Run it there: ssh HOST hacs-session wake NAME";
    const woken = await eachName(context, names, async (name) => {
      if (options.updateEnv) refuseElsewhere(context, name, "--update-env", there);
      const env = options.updateEnv ? { env: environment(context.env) } : {};
      const { session } = await context.call("session/wake", { name, ...env });
      if (!context.json) context.note(`${session.name} is ${stateWords(session)}.`);
      return session;
    });
    // One gives an object, as it always did.
    if (context.json) context.printJson(woken.length === 1 ? woken[0] : woken);
    return undefined;
  },
};
