/** What a link costs both sides, and for how long: channels that say nothing, and too many. */
import { duplexPair } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { Connection } from "../../../src/client/connection.ts";
import { Link } from "../../../src/client/link.ts";
import { type Client, type Identity, owner } from "../../../src/daemon/client.ts";
import { ClientConnection } from "../../../src/daemon/client-connection.ts";
import { ClientPlaces } from "../../../src/daemon/client-places.ts";
import { helloMs } from "../../../src/daemon/hello-deadline.ts";
import { openChannel } from "../../../src/daemon/peers/client-channel.ts";
import { serveLink } from "../../../src/daemon/peers/served-link.ts";
import type { HacsError } from "../../../src/protocol/errors.ts";
import { TestClock } from "../../support/clock.ts";
import { within } from "../../support/eventually.ts";

const links: Link[] = [];
afterEach(() => {
  for (const link of links.splice(0)) link.close("the test is over");
});

const token: Identity = { access: { scope: "observe", sessions: "none", token: "t" } };

/** A link to a daemon that knows nothing but the hello. */
function linked(clock = new TestClock()) {
  const [near, far] = duplexPair();
  const accepted: ClientConnection[] = [];
  const served = serveLink(far, {
    identity: token,
    asked: false,
    clock,
    accept: (wire, identity) => {
      const dispatch = (client: Client) => {
        client.actor = { kind: "test", user: "", from: "" };
        return { protocol: 1 };
      };
      const client = new ClientConnection(wire, identity, dispatch, (error) => {
        throw error;
      });
      accepted.push(client);
      return client;
    },
    onClose: () => {},
  });
  const link = new Link(near, { asked: true, onClose: () => {} });
  links.push(served, link);
  return { link, accepted, clock };
}

function connected(link: Link): { connection: Connection; ended: Promise<HacsError> } {
  const connection = new Connection(link.open());
  const ended = new Promise<HacsError>((resolve) => {
    connection.onClose = resolve;
  });
  return { connection, ended: within(ended, { what: "the channel is closed" }) };
}

const hello = (connection: Connection) => connection.call("hello", {} as never);

test("a channel that never says hello is told so and closed, one that did stays", async () => {
  const { link, clock } = linked();
  const polite = connected(link);
  const silent = connected(link);
  await hello(polite.connection);
  expect(clock.pending).toBe(2);
  clock.pass(helloMs);
  const error = await silent.ended;
  expect(error).toMatchObject({ code: "timed-out", message: expect.stringContaining("hello") });
  await hello(polite.connection);
  expect(polite.connection.closed).toBe(false);
});

test("a channel that is closed leaves no timer", async () => {
  const { link, clock, accepted } = linked();
  const { connection } = connected(link);
  await hello(connection);
  expect(clock.pending).toBe(1);
  connection.close();
  await within(new Promise<void>((resolve) => (accepted[0]!.onClose = resolve)), {
    what: "it is closed there",
  });
  expect(clock.pending).toBe(0);
});

test("channels to a peer are bounded here: a token's clients leave some to the owner", () => {
  const { link } = linked();
  const peer = { name: "b", places: new ClientPlaces({ max: 4, owners: 1 }) };
  const asking = (identity: Identity): Client =>
    ({
      identity,
      actor: { kind: "test", user: "", from: "" },
      attachments: new Map(),
      closed: false,
    }) as unknown as Client;
  const first = openChannel(asking(token), peer, link);
  const client = asking(token);
  const second = openChannel(client, peer, link);
  expect(openChannel(client, peer, link)).toBe(second);
  const refused = expect.objectContaining({ code: "too-many-clients" });
  expect(() => openChannel(asking(token), peer, link)).toThrow(refused);
  const own = openChannel(asking(owner), peer, link);
  expect(own.closed).toBe(false);
  first.close();
  expect(openChannel(asking(token), peer, link).closed).toBe(false);
  // For one that went meanwhile nothing is opened.
  expect(() =>
    openChannel({ ...client, attachments: new Map(), closed: true }, peer, link),
  ).toThrow(expect.objectContaining({ code: "daemon-unreachable" }));
});
