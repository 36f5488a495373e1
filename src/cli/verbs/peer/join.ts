import { checkPattern, SCOPES, type Scope } from "../../../protocol/access.ts";
import { checkName } from "../../../protocol/address.ts";
import { HacsError } from "../../../protocol/errors.ts";
import type { Verb } from "../../verb.ts";
import { reportPeer } from "./add.ts";
import { readWay, type WayOptions, wayOptions } from "./way.ts";

interface Options extends WayOptions {
  as?: string;
  scope?: Scope;
  sessions?: string;
}

export const peerJoin: Verb<Options> = {
  name: "join",
  group: "Daemon and set-up",
  summary: "dial a daemon, and offer it the sessions of this one",
  about:
    "For a machine that can't be dialled, behind NAT say: its sessions are then NAME/… over there. Whoever may use that daemon may use them, as far as --scope and --sessions allow.",
  arguments: ["<url>"],
  options: [
    {
      flags: "--as <name>",
      about: "what this daemon is called over there",
      parse: (value) => checkName(value, "peer name"),
    },
    ...wayOptions,
    {
      flags: "--scope <scope>",
      about: "what may be done from there: observe, prompt, approve or admin (default)",
      choices: SCOPES,
    },
    {
      flags: "--sessions <pattern>",
      about: "the sessions that are offered, as web or team-*,docs; without it all",
      parse: checkPattern,
    },
  ],
  examples: [
    ["peer join wss://nexus.example --as laptop --token-file nexus.token", "all of them"],
    ["peer join ssh://nexus --as laptop --sessions web --scope prompt", "one, to talk to"],
  ],
  async run(context, [url = ""], options) {
    if (options.as === undefined) {
      throw new HacsError(
        "invalid-usage",
        "peer join needs the name that this daemon is to have over there.",
        "Give it: --as laptop",
      );
    }
    const way = await readWay(context, options);
    const { as, scope, sessions } = options;
    const { peer } = await context.call("peer/join", {
      url,
      as,
      ...way,
      ...(scope === undefined ? {} : { scope }),
      ...(sessions === undefined ? {} : { sessions }),
    });
    reportPeer(context, peer);
    return undefined;
  },
};
