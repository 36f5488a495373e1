/** Every method that the daemon answers: the index of this folder. */
import type { Method, Params, Result } from "../../protocol/methods.ts";
import type { Client } from "../client.ts";
import type { Daemon } from "../daemon.ts";
import { activity } from "./activity.ts";
import { answer, approvals } from "./approvals.ts";
import { archiveHistory, archiveSearch, archiveSessions } from "./archive.ts";
import { attach, detach } from "./attach.ts";
import { audit } from "./audit.ts";
import { compose } from "./compose.ts";
import { create, fork } from "./create.ts";
import { hello } from "./hello.ts";
import { history } from "./history.ts";
import { call, interrupt, kill, remove, rename, restart, sleep, wake } from "./life.ts";
import { panic, panicAll } from "./panic.ts";
import { add, join, link, offer, peerList, peerRemove, peerSessions } from "./peers.ts";
import { search } from "./search.ts";
import { receipt, send, withdraw } from "./send.ts";
import { sent } from "./sent.ts";
import { list, show } from "./show.ts";
import { stop } from "./stop.ts";
import { newToken, pair, revokeToken } from "./tokens.ts";
import { update } from "./update.ts";

export interface Caller {
  daemon: Daemon;
  client: Client;
}

export type MethodHandler<M extends Method> = (
  caller: Caller,
  params: Params<M>,
) => Result<M> | Promise<Result<M>>;

export const methods: { [M in Method]: MethodHandler<M> } = {
  hello,
  "daemon/status": ({ daemon, client }) => daemon.status(client.identity.access),
  "daemon/stop": stop,
  "daemon/metrics": ({ daemon }) => daemon.metrics(),
  "hook/list": ({ daemon }) => ({ hooks: daemon.hooks.list() }),
  "hook/test": async ({ daemon }, { event, hook }) => ({
    trials: await daemon.hooks.test(event, hook),
  }),
  "daemon/panic": panicAll,
  "daemon/sent": sent,
  "daemon/activity": activity,
  "token/new": newToken,
  "token/list": ({ daemon }) => ({ tokens: daemon.tokens.list() }),
  "token/revoke": revokeToken,
  "pair/new": pair,
  "daemon/search": search,
  "daemon/audit": audit,
  "archive/search": archiveSearch,
  "archive/sessions": archiveSessions,
  "archive/history": archiveHistory,
  "session/new": create,
  "session/list": list,
  "session/show": show,
  "session/attach": attach,
  "session/detach": detach,
  "session/history": history,
  "session/send": send,
  "session/compose": compose,
  "session/withdraw": withdraw,
  "session/receipt": receipt,
  "session/approvals": approvals,
  "session/answer": answer,
  "session/interrupt": interrupt,
  "session/sleep": sleep,
  "session/wake": wake,
  "session/restart": restart,
  "session/panic": panic,
  "session/kill": kill,
  "session/remove": remove,
  "session/update": update,
  "session/rename": rename,
  "session/fork": fork,
  "session/call": call,
  "peer/add": add,
  "peer/join": join,
  "peer/list": peerList,
  "peer/remove": peerRemove,
  "peer/link": link,
  "peer/offer": offer,
  "peer/sessions": peerSessions,
};
