/**
 * A client over the port that does not read: the real server side of both, with a history that
 * floods as no model does, since a TCP connection's own buffers take megabytes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import http, { type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { owner } from "../../../src/daemon/client.ts";
import { ClientConnection } from "../../../src/daemon/client-connection.ts";
import { HttpClient } from "../../../src/daemon/network/http-client.ts";
import { WebSocketWire } from "../../../src/daemon/network/web-socket-wire.ts";
import { backlogBytesMax, type Sink } from "../../../src/daemon/session/feed.ts";
import { liveFrame } from "../../../src/daemon/session/framing.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Subscription } from "../../../src/daemon/session/subscription.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { openEvents, openWeb } from "../../support/port.ts";
import { sessionRow } from "../../support/session-row.ts";

let dir: string;
let store: Store;
let history: History;
let server: http.Server;
let url: string;
/** The server's side of each client, in the order they came. */
let sinks: Sink[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "hs-stalled-"));
  store = new Store(join(dir, "history.db"));
  store.sessions.insert(sessionRow("s"));
  history = new History("s", 0, store);
  sinks = [];
  const bug = (error: unknown) => {
    throw error;
  };
  const follow = (sink: Sink) => {
    sinks.push(sink);
    new Subscription("s", history, sink, 0, true).start();
  };
  server = http.createServer((_, response) => {
    const client = new HttpClient(owner, response, bug);
    client.stream({});
    follow(client);
  });
  const links = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) =>
    links.handleUpgrade(request, socket, head, (link) =>
      follow(new ClientConnection(new WebSocketWire(link, socket), owner, () => ({}), bug)),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  store.close();
  rmSync(dir, { recursive: true });
});

const text = "x".repeat(8_000);
const method = "item/agentMessage/delta";
const params = JSON.stringify({ delta: text });

/** So many turns of the event loop, each with a record and a handful of deltas. */
async function flood(turns: number, look: () => void = () => {}): Promise<void> {
  for (let i = 0; i < turns; i++) {
    history.own("session/gap", { reason: text, since: "", recovered: i });
    for (let delta = 0; delta < 5; delta++)
      history.feed.push(liveFrame({ session: "s", at: "", method }, params, true));
    await nextTurn();
    look();
  }
}

const oneFlush = 6 * (text.length + 1_000);
const seqsOf = (all: readonly { seq?: number }[]) => all.flatMap(({ seq }) => seq ?? []);
const upTo = (head: number) => Array.from({ length: head }, (_, i) => i + 1);

test.each(["a WebSocket", "a stream of events"])(
  "%s that is not read holds a bounded backlog, and is taken through everything when it is",
  async (kind) => {
    const other = await openWeb(url);
    await other.until("live", ({ params }) => params?.method === "session/live");
    const open = async () => {
      if (kind === "a stream of events") {
        const stream = await openEvents(url, "/");
        const told = () => stream.events.map(({ data }) => data);
        return {
          ...stream,
          told,
          until: (is: (event: { seq?: number; method: string }) => boolean) =>
            stream.until("it", ({ data }) => is(data)),
        };
      }
      const web = await openWeb(url);
      const told = () => web.frames.map(({ params }) => params);
      return {
        ...web,
        told,
        until: (is: (event: { seq?: number; method: string }) => boolean) =>
          web.until("it", ({ params }) => is(params)),
      };
    };
    const stalled = await open();
    await stalled.until(({ method }) => method === "session/live");
    stalled.pause();
    let most = 0;
    const sink = sinks[1]!;
    await flood(1_000, () => {
      most = Math.max(most, sink.backlogBytes);
    });
    // It came to the bound, or the test would show nothing, and stayed there.
    expect(most).toBeGreaterThan(backlogBytesMax);
    expect(most).toBeLessThan(backlogBytesMax + 2 * oneFlush);
    const { head } = history;
    await other.until("the end", ({ params }) => params?.seq === head);
    expect(seqsOf(other.frames.map(({ params }) => params))).toEqual(upTo(head));

    stalled.resume();
    await stalled.until(({ seq }) => seq === head);
    expect(seqsOf(stalled.told())).toEqual(upTo(head));
    const deltas = (all: { method: string }[]) =>
      all.filter(({ method }) => method === "item/agentMessage/delta").length;
    expect(deltas(stalled.told())).toBeLessThan(5_000);
    await flood(3);
    await stalled.until(({ seq }) => seq === head + 3);
    expect(seqsOf(stalled.told())).toEqual(upTo(head + 3));
    stalled.close();
    other.close();
  },
);
