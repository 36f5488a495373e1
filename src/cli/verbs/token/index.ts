import type { Verb } from "../../verb.ts";
import { tokenLs } from "./ls.ts";
import { tokenNew } from "./new.ts";
import { tokenRevoke } from "./revoke.ts";

export const token: Verb = {
  name: "token",
  group: "Daemon and set-up",
  summary: "make, list and revoke tokens for clients from elsewhere",
  about: "They count on the daemon's port: hacs-session daemon start --listen 127.0.0.1:9100",
  verbs: [tokenNew, tokenLs, tokenRevoke],
  examples: [["token new --scope prompt --expires 7d", "prints it, once"]],
};
