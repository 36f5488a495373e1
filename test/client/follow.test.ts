/** A follower hands over every record once and in order, wherever its connections break. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { dial } from "../../src/client/dial.ts";
import { Follower, type FollowOptions } from "../../src/client/follow.ts";
import { HacsError } from "../../src/protocol/errors.ts";
import { eventually, within } from "../support/eventually.ts";
import fc from "../support/property.ts";
import { FakeDaemon } from "./fake-daemon.ts";

let daemon: FakeDaemon;
let follower: Follower | undefined;
beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
});
afterEach(async () => {
  follower?.stop();
  await daemon.close();
});

function follow(options: Partial<FollowOptions> = {}) {
  const seen: number[] = [];
  const dialled: Connection[] = [];
  follower = new Follower({
    dial: async () => {
      const connection = await dial(daemon.socket, "test");
      dialled.push(connection);
      return connection;
    },
    attach: { name: "s", after: 0 },
    onEvent: ({ seq }) => {
      if (seq !== undefined) seen.push(seq);
    },
    ...options,
  });
  return { follower, seen, dialled };
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const all = (seen: number[], head: number) =>
  eventually(() => seen.at(-1) === head, { what: `record ${head} arrives` });

test("cut at any byte, any number of times, nothing is lost and nothing comes twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 2500 }), { maxLength: 4 }),
      async (cuts) => {
        for (let count = 0; count < 5; count++) daemon.append();
        const first = daemon.records.length;
        // The first connection only, so that start() succeeds; later ones may break at once.
        daemon.cuts.push(Math.max(900, cuts[0] ?? 900), ...cuts.slice(1));
        const { seen, follower } = follow({ attach: { name: "s", after: first - 5 } });
        await follower.start();
        for (let count = 0; count < 10; count++) {
          daemon.append();
          if (count % 4 === 0) await new Promise(setImmediate);
        }
        await all(seen, first + 10);
        expect(seen).toEqual(numbers(first - 4, first + 10));
        follower.stop();
        daemon.cuts.length = 0;
      },
    ),
    { numRuns: 25 },
  );
});

test("a daemon that dies and comes back is found again, with the cursor and the session's id", async () => {
  let disconnects = 0;
  const { seen, follower } = follow({
    attach: { name: "s", last: 2 },
    onDisconnected: () => void disconnects++,
  });
  for (let count = 0; count < 4; count++) daemon.append();
  await follower.start();
  await all(seen, 4);
  await daemon.die();
  await eventually(() => disconnects === 1, { what: "the follower notices" });
  expect(follower.connection).toBeUndefined();
  daemon.append();
  daemon.append();
  await daemon.listen();
  await all(seen, 6);
  expect(seen).toEqual([3, 4, 5, 6]);
  const attaches = daemon.requests.filter(({ method }) => method === "session/attach");
  expect(attaches.map(({ params }) => params)).toEqual([
    { name: "s", last: 2 },
    { name: daemon.sessionId, after: 4 },
  ]);
});

test("without a place to begin it follows what is new, also after a break", async () => {
  daemon.append();
  const { seen, follower } = follow({ attach: { name: "s" } });
  await follower.start();
  await daemon.die();
  daemon.append();
  await daemon.listen();
  await all(seen, 2);
  expect(seen).toEqual([2]);
});

test("events that come with the attach's answer, and those of other sessions", async () => {
  daemon.methods.set("session/attach", (_, peer) => {
    const event = { at: "", method: "number", params: {} };
    peer.notify("session/event", { ...event, session: daemon.sessionId, seq: 1 });
    peer.notify("session/event", { ...event, session: "another", seq: 2 });
    peer.notify("session/event", { ...event, session: daemon.sessionId, seq: 3 });
    peer.notify("session/event", { ...event, session: daemon.sessionId, seq: 3 });
    return { session: { id: daemon.sessionId }, head: 3, approvals: [], messages: [] };
  });
  const attached: number[] = [];
  const { seen, follower } = follow({ onAttached: ({ head }) => attached.push(head, seen.length) });
  await follower.start();
  await all(seen, 3);
  expect(seen).toEqual([1, 3]);
  expect(attached).toEqual([3, 0]);
});

describe("the end", () => {
  test("a session that is not there fails the start, and leaves no connection open", async () => {
    daemon.methods.set("session/attach", () => {
      throw new HacsError("session-not-found", "none");
    });
    const { follower, dialled } = follow();
    await expect(follower.start()).rejects.toMatchObject({ code: "session-not-found" });
    expect(dialled.map(({ closed }) => closed)).toEqual([true]);
  });

  test.each(["session-not-found", "not-allowed", "cursor-ahead"] as const)(
    "%s when it comes back ends the follower with that",
    async (code) => {
      const { follower } = follow();
      await follower.start();
      daemon.methods.set("session/attach", () => {
        throw new HacsError(code, "no more");
      });
      for (const peer of daemon.peers) peer.cut();
      expect(await within(follower.ended, { what: "the follower ends" })).toMatchObject({ code });
      await eventually(() => daemon.peers.size === 0, { what: "no connection is left open" });
    },
  );

  test("without reconnect a lost connection is the end", async () => {
    const { follower } = follow({ reconnect: false });
    await follower.start();
    for (const peer of daemon.peers) peer.cut();
    const error = await within(follower.ended, { what: "the follower ends" });
    expect(error?.code).toBe("daemon-unreachable");
  });

  test("stop closes the connection and says nothing more", async () => {
    const { seen, follower } = follow();
    await follower.start();
    follower.stop();
    expect(await follower.ended).toBeUndefined();
    daemon.append();
    await eventually(() => daemon.peers.size === 0, { what: "the daemon sees it go" });
    expect(seen).toEqual([]);
  });

  test("stop in the middle of coming back leaves no connection open", async () => {
    const dialling = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let dials = 0;
    const { follower } = follow({
      dial: async () => {
        const connection = await dial(daemon.socket, "test");
        if (++dials === 1) return connection;
        dialling.resolve();
        await goOn.promise;
        return connection;
      },
    });
    await follower.start();
    for (const peer of daemon.peers) peer.cut();
    await within(dialling.promise, { what: "it dials again" });
    follower.stop();
    goOn.resolve();
    await eventually(() => daemon.peers.size === 0, { what: "no connection is left open" });
  });

  test("a connection that ends with the attach's own answer is sought again", async () => {
    const { seen, follower } = follow();
    await follower.start();
    const attach = daemon.methods.get("session/attach")!;
    daemon.methods.set("session/attach", (_, peer) => {
      daemon.methods.set("session/attach", attach);
      const id = 2;
      const result = { session: { id: daemon.sessionId }, head: 0, approvals: [], messages: [] };
      peer.raw(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\nnot json\n`);
      return undefined;
    });
    daemon.append();
    await all(seen, 1);
    for (const peer of daemon.peers) peer.cut();
    await eventually(() => daemon.requests.length >= 6, { what: "it attaches a third time" });
    daemon.append();
    await all(seen, 2);
    expect(seen).toEqual([1, 2]);
  });
});
