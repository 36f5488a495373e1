/** A link whose channels the other side opens: each is a client of this daemon, and soon says who. */
import type { Duplex } from "node:stream";
import { channelsMax, Link } from "../../client/link.ts";
import type { HacsError } from "../../protocol/errors.ts";
import type { Client, Identity } from "../client.ts";
import type { Clock } from "../clock.ts";
import { helloMs, helloTooLate } from "../hello-deadline.ts";
import { LineWire } from "../line-wire.ts";
import type { Wire } from "../wire.ts";

export interface ServedLinkOptions {
  identity: Identity;
  asked: boolean;
  clock: Clock;
  accept: (wire: Wire, identity: Identity) => Pick<Client, "actor" | "fail">;
  onClose: (error: HacsError) => void;
}

export function serveLink(stream: Duplex, options: ServedLinkOptions): Link {
  const { identity, asked, clock, accept, onClose } = options;
  return new Link(stream, {
    asked,
    onClose,
    channelsMax,
    onChannel: (channel) => {
      const client = accept(new LineWire(channel), identity);
      const cancel = clock.after(helloMs, () => {
        if (client.actor === undefined) client.fail(helloTooLate());
      });
      channel.once("close", cancel);
    },
  });
}
