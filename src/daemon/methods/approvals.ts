import { actorOf, refuseReadOnly, seen } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

/** Of one session, or of all; oldest first within each. */
export const approvals: MethodHandler<"session/approvals"> = (caller, { name }) => {
  const { sessions: all } = caller.daemon;
  const sessions = name === undefined ? seen(caller, all.live()) : [all.find(name)];
  return { approvals: sessions.flatMap((session) => session.approvals.waiting()) };
};

export const answer: MethodHandler<"session/answer"> = (caller, params) => {
  const session = caller.daemon.sessions.findLive(params.name);
  refuseReadOnly(caller, session);
  const { approval, decision } = session.answer(params.id, params.answer, actorOf(caller));
  const { method: _method, params: _params, ...shown } = approval;
  return { approval: { ...shown, session: session.name }, decision };
};
