import { visible } from "../../../protocol/address.ts";
import type { Verb } from "../../verb.ts";

export const peerRemove: Verb = {
  name: "rm",
  group: "Daemon and set-up",
  summary: "forget a peer, or end an offer by its name or URL",
  arguments: ["<peer>"],
  examples: [["peer rm laptop", "its sessions stay where they are"]],
  async run(context, [name = ""]) {
    const { peers } = await context.call("peer/list", {});
    const dialsIn = peers.some((peer) => peer.name === name && peer.kind === "joined");
    const removed = await context.call("peer/remove", { name });
    if (context.json) context.printJson(removed);
    else {
      const { dropped } = removed;
      const lost = dropped === 0 ? "" : ` Messages that were kept for it: ${dropped}.`;
      context.note(`Forgot ${visible(name)}.${lost}`);
      if (dialsIn)
        context.noteProse(
          "It dials in, and comes again unless it is told otherwise there (peer rm) or its token is revoked here (token ls).",
        );
    }
    return undefined;
  },
};
