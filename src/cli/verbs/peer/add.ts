import { visible } from "../../../protocol/address.ts";
import type { PeerInfo } from "../../../protocol/session.ts";
import type { Context } from "../../context.ts";
import type { Verb } from "../../verb.ts";
import { readWay, type WayOptions, wayOptions } from "./way.ts";

export const peerAdd: Verb<WayOptions> = {
  name: "add",
  group: "Daemon and set-up",
  summary: "add a daemon, and call it NAME",
  about:
    "URL is wss://HOST, ssh://USER@HOST, unix:///SOCKET for one of this machine, or ws:// on this machine. A peer that is away is kept and tried again.",
  arguments: ["<name>", "<url>"],
  options: wayOptions,
  examples: [
    ["peer add laptop ssh://anna@laptop", "over ssh, with your own keys and config"],
    [
      "peer add build ssh://build --remote-command /opt/bin/hacs-session",
      "where its shell does not find it",
    ],
    ["peer add nexus wss://nexus.example --token-file nexus.token", "over its port"],
    [
      "peer add rack wss://rack.lan --token-file rack.token --ca-file lan-ca.pem",
      "whose certificate a CA of your own signed",
    ],
  ],
  async run(context, [name = "", url = ""], options) {
    const way = await readWay(context, options);
    const { peer } = await context.call("peer/add", { name, url, ...way });
    reportPeer(context, peer);
    return undefined;
  },
};

export function reportPeer(context: Context, peer: PeerInfo): void {
  if (context.json) return context.printJson(peer);
  const { name, state, error, sessions } = peer;
  if (state === "connected") {
    const has = peer.kind === "offer" ? "" : `; sessions there: ${sessions}`;
    context.note(`${visible(name)} is connected${has}.`);
  } else {
    context.noteProse(
      `${visible(name)} is kept, and can't be reached yet${error === null ? "" : `: ${visible(error)}`} It is tried again; see: hacs-session peer ls`,
    );
  }
}
