import type { Verb } from "../../verb.ts";
import { hooksLs } from "./ls.ts";
import { hooksTest } from "./test.ts";

export const hooks: Verb = {
  name: "hooks",
  group: "Daemon and set-up",
  summary: "list and try the config file's hooks",
  about:
    "A hook runs a command or posts to a URL when a turn ends, an approval waits, a session crashes and so on. docs/hooks.md has examples for ntfy, Slack and the desktop.",
  verbs: [hooksLs, hooksTest],
  examples: [
    ["hooks ls", "each with what waits and what failed"],
    ["hooks test turn.completed", "sends a sample to those that are for it"],
  ],
};
