import type { Verb } from "../../verb.ts";
import { peerAdd } from "./add.ts";
import { peerJoin } from "./join.ts";
import { peerList } from "./ls.ts";
import { peerRemove } from "./rm.ts";

export const peer: Verb = {
  name: "peer",
  group: "Daemon and set-up",
  summary: "reach the sessions of other daemons, as PEER/NAME",
  about:
    "A peer's session is named PEER/NAME wherever a session's name goes, and A/B/NAME through two. What may be done there is what the login or the token allows.",
  verbs: [peerAdd, peerJoin, peerList, peerRemove],
  examples: [
    ["peer add laptop ssh://anna@laptop", "then: hacs-session attach laptop/web"],
    ["peer ls", "which peers there are, and how their links are"],
  ],
};
