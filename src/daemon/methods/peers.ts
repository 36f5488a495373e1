import { isForAll, sees } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Neighbour } from "../../protocol/methods.ts";
import type { Identity } from "../client.ts";
import { seen } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

export const add: MethodHandler<"peer/add"> = async ({ daemon }, params) => ({
  peer: await daemon.peers.add(params),
});

export const join: MethodHandler<"peer/join"> = async ({ daemon }, params) => ({
  peer: await daemon.peers.join(params),
});

export const peerList: MethodHandler<"peer/list"> = ({ daemon }) => ({
  peers: daemon.peers.list(daemon.sessions.live().length),
});

export const peerRemove: MethodHandler<"peer/remove"> = ({ daemon }, { name }) =>
  daemon.peers.remove(name);

/** The answer is the last frame on the connection as it was. */
export const link: MethodHandler<"peer/link"> = (caller, { daemon: neighbour }) => {
  const identity = behind(caller, neighbour);
  takeOver(caller, (stream) => void caller.daemon.peers.serve(stream, identity));
  return {};
};

export const offer: MethodHandler<"peer/offer"> = (caller, { as, daemon: neighbour }) => {
  const { identity } = caller.client;
  const { access } = identity;
  if (!isForAll(access) && !sees(access, `${as}/session`)) {
    throw new HacsError(
      "not-allowed",
      `This token is for sessions named "${access.sessions}", and those of "${as}" are none.`,
      `Use one for them: hacs-session token new --scope prompt --sessions '${as}/*'`,
    );
  }
  caller.daemon.peers.checkOffer(as, neighbour, access.token);
  takeOver(caller, (stream) => void caller.daemon.peers.offered(as, neighbour, stream, identity));
  return {};
};

/** As much time as the one who asks has, less than that for those behind. */
export const peerSessions: MethodHandler<"peer/sessions"> = async (caller, { all, waitMs }) => {
  const { daemon, client } = caller;
  const { sessions, peers } = daemon;
  const others = await peers.sessions(waitMs ?? 0, all === true);
  const own = seen(caller, all === true ? sessions.all() : sessions.live());
  const passed = client.passed ?? [];
  return {
    sessions: [
      ...own.map((session) => ({ via: [peers.id], session: session.info() })),
      ...others
        .filter(({ session }) => sees(client.identity.access, session.name))
        .filter(({ via }) => !via.some((id) => passed.includes(id)))
        .map(({ via, session }) => ({ via: [peers.id, ...via], session })),
    ],
  };
};

/** Clients that come over the link may do what the link may, and are known to come over it. */
function behind({ client }: Caller, neighbour: Neighbour | undefined): Identity {
  const { access, known } = client.identity;
  if (neighbour === undefined) return client.identity;
  // A token says whose daemon it is; otherwise it is what it calls itself.
  return { access, neighbour: { ...neighbour, name: known?.user ?? neighbour.name } };
}

function takeOver({ client }: Caller, use: (stream: import("node:stream").Duplex) => void): void {
  const { handOver } = client;
  if (handOver === undefined || client.attachments.size > 0) {
    throw new HacsError(
      "invalid-params",
      "A link is made of a connection of its own, that nothing is attached on.",
    );
  }
  setImmediate(() => {
    if (!client.closed) use(handOver.call(client));
  });
}
