import { visible } from "../../../protocol/address.ts";
import type { Verb } from "../../verb.ts";

export const peerRemove: Verb = {
  name: "rm",
  group: "Daemon and set-up",
  summary: "forget a peer, or end an offer by its name or URL",
  arguments: ["<peer>"],
  examples: [["peer rm laptop", "its sessions stay where they are"]],
  async run(context, [name = ""]) {
    const removed = await context.call("peer/remove", { name });
    if (context.json) context.printJson(removed);
    else {
      const { dropped } = removed;
      const lost = dropped === 0 ? "" : ` Messages that were kept for it: ${dropped}.`;
      context.note(`Forgot ${visible(name)}.${lost}`);
    }
    return undefined;
  },
};
