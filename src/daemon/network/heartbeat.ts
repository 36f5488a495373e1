/**
 * Asks every WebSocket now and then whether it is still there. A peer without power, or behind a
 * link that broke, never says that it went.
 */

import { HacsError } from "../../protocol/errors.ts";
import type { Client } from "../client.ts";
import { helloMs, helloTooLate } from "../hello-deadline.ts";
import type { WebSocketWire } from "./web-socket-wire.ts";

const everyMs = 5_000;
/** Of the beats that a peer has not answered, the one that it is given up with: after 10 s. */
const unansweredMax = 2;

type Beaten = Pick<Client, "actor" | "fail">;

interface Beating {
  wire: WebSocketWire;
  client: Beaten;
  since: number;
  unanswered: number;
}

export class Heartbeat {
  readonly #all = new Set<Beating>();
  readonly #timer = setInterval(() => this.#beat(), everyMs).unref();

  watch(wire: WebSocketWire, client: Beaten): void {
    const beating = { wire, client, since: performance.now(), unanswered: 0 };
    this.#all.add(beating);
    wire.whenClosed(() => this.#all.delete(beating));
  }

  /** The daemon ends, which all are told: they come back to the next one. */
  close(): void {
    clearInterval(this.#timer);
    const why = new HacsError("daemon-stopping", "The daemon is shutting down.");
    for (const { wire } of this.#all) wire.end(why);
  }

  #beat(): void {
    const now = performance.now();
    for (const beating of this.#all) {
      const { wire, client } = beating;
      beating.unanswered = wire.showedLife() ? 0 : beating.unanswered + 1;
      if (beating.unanswered >= unansweredMax) wire.destroy();
      else if (client.actor === undefined && now - beating.since > helloMs)
        client.fail(helloTooLate());
      else wire.ping();
    }
  }
}
