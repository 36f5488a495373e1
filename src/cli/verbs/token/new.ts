import type { Verb } from "../../verb.ts";
import { type GrantOptions, grantOptions, grantParams } from "./grant.ts";

export const tokenNew: Verb<GrantOptions> = {
  name: "new",
  group: "Daemon and set-up",
  summary: "make a token and print it, this once",
  options: grantOptions,
  examples: [
    ["token new > token.txt", "one that only looks on, for 30 days"],
    ["token new --scope approve --sessions 'web*' --name phone", "one that answers for some"],
    ["token new --json", "id, token, scope, sessions, expiresAt"],
  ],
  async run(context, _args, options) {
    const made = await context.call("token/new", grantParams(options));
    if (context.json) {
      context.printJson(made);
      return undefined;
    }
    context.print(made.token);
    const until = made.expiresAt === null ? "until it is revoked" : `until ${made.expiresAt}`;
    context.note(
      `It counts ${until}, with the scope ${made.scope} for the sessions ${made.sessions}, and is not shown again. Revoke it with: hacs-session token revoke ${made.id}`,
    );
    return undefined;
  },
};
