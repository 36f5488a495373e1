import { checkName } from "../../../protocol/address.ts";
import { HacsError } from "../../../protocol/errors.ts";
import { readToken, tokenOption } from "../../token-file.ts";
import type { Verb } from "../../verb.ts";
import { reportPeer } from "./add.ts";

export const peerJoin: Verb<{ as?: string; tokenFile?: string }> = {
  name: "join",
  group: "Daemon and set-up",
  summary: "dial a daemon, and offer it the sessions of this one",
  about:
    "For a machine that can't be dialled, behind NAT say: its sessions are then NAME/… over there. Whoever may use that daemon may use them, as far as it allows.",
  arguments: ["<url>"],
  options: [
    {
      flags: "--as <name>",
      about: "what this daemon is called over there",
      parse: (value) => checkName(value, "peer name"),
    },
    tokenOption,
  ],
  examples: [["peer join wss://nexus.example --as laptop --token-file nexus.token", ""]],
  async run(context, [url = ""], options) {
    if (options.as === undefined) {
      throw new HacsError(
        "invalid-usage",
        "peer join needs the name that this daemon is to have over there.",
        "Give it: --as laptop",
      );
    }
    const token = await readToken(context, options.tokenFile);
    const { peer } = await context.call("peer/join", { url, as: options.as, ...token });
    reportPeer(context, peer);
    return undefined;
  },
};
