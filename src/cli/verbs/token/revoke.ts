import type { Verb } from "../../verb.ts";

export const tokenRevoke: Verb = {
  name: "revoke",
  group: "Daemon and set-up",
  summary: "end a token, and the connections that came with it",
  arguments: ["<id>"],
  examples: [["token revoke 3f2a", "the beginning of an id will do"]],
  async run(context, [id = ""]) {
    const revoked = await context.call("token/revoke", { id });
    if (context.json) context.printJson(revoked);
    else context.note(`Revoked ${revoked.token.id}; connections that were cut: ${revoked.cut}.`);
    return undefined;
  },
};
