import { type Duplex, duplexPair } from "node:stream";
import { beforeEach, expect, test } from "vitest";
import type { Identity } from "../../../src/daemon/client.ts";
import { ClientPlaces, clientBounds } from "../../../src/daemon/client-places.ts";
import { Peers } from "../../../src/daemon/peers/peers.ts";
import type { Store } from "../../../src/daemon/store/store.ts";
import { temporaryStore } from "../../support/temporary-store.ts";

let store: Store;
beforeEach(() => {
  const made = temporaryStore();
  store = made.store;
  return made.remove;
});

test("a name that two daemons are let have in the same moment is the first one's", () => {
  const peers = new Peers({
    services: { store, name: "server", log: { info: () => {} } } as never,
    accept: () => {
      throw new Error("nobody calls");
    },
    places: new ClientPlaces(clientBounds),
    hasToken: () => true,
  });
  const identity: Identity = { access: { scope: "prompt", sessions: "*", token: "t" } };
  const daemons = ["1", "2"].map((digit) => ({ id: digit.repeat(32), name: "twin" }));
  // Each is answered before the stream of either is there.
  for (const daemon of daemons) peers.checkOffer("twin", daemon, "t");
  const [first, second] = daemons.map((daemon): Duplex => {
    const [stream] = duplexPair();
    void peers.offered("twin", daemon, stream, identity);
    return stream;
  });
  expect([first?.destroyed, second?.destroyed]).toEqual([false, true]);
  expect(peers.find("twin").row.daemon).toBe(daemons[0]!.id);
  expect(peers.cut("t")).toBe(1);
});
