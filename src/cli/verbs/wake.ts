import { stateWords } from "../../protocol/limits.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { environment } from "../session-environment.ts";
import type { Verb } from "../verb.ts";

export const wake: Verb<{ updateEnv?: boolean }> = {
  name: "wake",
  group: "Lifecycle",
  summary: "start the agent of a session that sleeps",
  arguments: ["<session>"],
  options: [{ flags: "--update-env", about: "give it this shell's environment" }],
  examples: [["wake fix", "so that the next message finds it ready"]],
  async run(context, [name = ""], options) {
    if (options.updateEnv)
      refuseElsewhere(
        context,
        name,
        "--update-env",
        "Run it there: ssh HOST hacs-session wake NAME",
      );
    const { session } = await context.call("session/wake", {
      name,
      ...(options.updateEnv ? { env: environment(context.env) } : {}),
    });
    if (context.json) context.printJson(session);
    else context.note(`${session.name} is ${stateWords(session)}.`);
    return undefined;
  },
};
