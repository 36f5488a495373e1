import { stateWords } from "../../protocol/limits.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { environment } from "../session-environment.ts";
import type { Verb } from "../verb.ts";

export const restart: Verb<{ updateEnv?: boolean; force?: boolean }> = {
  name: "restart",
  group: "Lifecycle",
  summary: "end the agent and start it again on the same thread",
  arguments: ["<session>"],
  options: [
    { flags: "--update-env", about: "give it this shell's environment" },
    { flags: "-f, --force", about: "in the middle of a turn, too" },
  ],
  examples: [["restart fix --update-env", "with the variables that are set here now"]],
  async run(context, [name = ""], options) {
    if (options.updateEnv)
      refuseElsewhere(
        context,
        name,
        "--update-env",
        "Run it there: ssh HOST hacs-session restart NAME",
      );
    const { session } = await context.call("session/restart", {
      name,
      ...(options.updateEnv ? { env: environment(context.env) } : {}),
      ...(options.force ? { force: true } : {}),
    });
    if (context.json) context.printJson(session);
    else context.note(`${session.name} is ${stateWords(session)}.`);
    return undefined;
  },
};
