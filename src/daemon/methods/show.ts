import { sees } from "../../protocol/access.ts";
import { seen } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

/** How long a list waits for slow peers; what they had before stands in for what they have. */
const peersMs = 250;

/** In the order of creation, those of peers behind them. */
export const list: MethodHandler<"session/list"> = (caller, { all }) => {
  const { sessions, peers } = caller.daemon;
  const listed = () =>
    seen(caller, all === true ? sessions.all() : sessions.live()).map((session) => session.info());
  // Where there is no peer there is nothing to wait for.
  if (peers.none) return { sessions: listed() };
  return peers.sessions(peersMs, all === true).then((known) => ({
    sessions: [
      ...listed(),
      ...known
        .map(({ session }) => session)
        .filter(({ name }) => sees(caller.client.identity.access, name)),
    ],
  }));
};

export const show: MethodHandler<"session/show"> = ({ daemon, client }, { name }) => {
  const session = daemon.sessions.find(name);
  const own = client.attachments.get(session.id)?.info;
  const detail = session.detail();
  const attached = detail.attached.map((one) => (one === own ? { ...one, you: true } : one));
  return { session: { ...detail, attached } };
};
