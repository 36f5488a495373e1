import { actorOf, countMessage, refuseReadOnly } from "./caller.ts";
import { clearComposition } from "./compose.ts";
import type { MethodHandler } from "./index.ts";

export const send: MethodHandler<"session/send"> = (caller, { name, id, content, mode }) => {
  const session = caller.daemon.sessions.findLive(name);
  refuseReadOnly(caller, session);
  // One that is sent again, to be sure, is the same message.
  if (id === undefined || !session.inbox.has(id)) countMessage(caller);
  const receipt = session.send(content, mode ?? "queue", id, actorOf(caller));
  clearComposition(caller, session, content.text);
  const { frozenSince } = session.info();
  return receipt.status === "accepted" && frozenSince ? { ...receipt, frozenSince } : receipt;
};

export const receipt: MethodHandler<"session/receipt"> = ({ daemon }, { name, id }) =>
  daemon.sessions.find(name).inbox.receipt(id);

export const withdraw: MethodHandler<"session/withdraw"> = (caller, { name, id }) => {
  const session = caller.daemon.sessions.findLive(name);
  refuseReadOnly(caller, session);
  const withdrawn = session.inbox.withdraw(id, actorOf(caller));
  session.changed();
  return withdrawn;
};
