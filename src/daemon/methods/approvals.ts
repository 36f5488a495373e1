import { sees } from "../../protocol/access.ts";
import type { Result } from "../../protocol/methods.ts";
import type { ApprovalDetail } from "../../protocol/session.ts";
import { inTime } from "../patience.ts";
import { forward } from "../peers/forward.ts";
import { actorOf, refuseReadOnly, seen } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

/** How long the list of all waits for slow peers. */
const peersMs = 250;

/** Of one session, or of all; oldest first within each. */
export const approvals: MethodHandler<"session/approvals"> = (caller, { name }) => {
  const { sessions: all, peers } = caller.daemon;
  const sessions = name === undefined ? seen(caller, all.live()) : [all.find(name)];
  const own = () => sessions.flatMap((session) => session.waiting());
  if (name !== undefined || peers.none) return { approvals: own() };
  return ofPeers(caller).then((theirs) => ({ approvals: [...own(), ...theirs] }));
};

/** Those of peers that say in time that there are any, and in time which. */
async function ofPeers({ daemon, client }: Caller): Promise<ApprovalDetail[]> {
  const known = await daemon.peers.sessions(peersMs, false);
  const asking = known
    .map(({ session }) => session)
    .filter(({ name, approvals: count, state }) => {
      return count > 0 && state !== "unreachable" && sees(client.identity.access, name);
    });
  const answers: ApprovalDetail[][] = asking.map(() => []);
  await inTime(
    Promise.allSettled(
      asking.map(async ({ id }, place) => {
        const call = forward(daemon.peers, client, "session/approvals", { name: id });
        answers[place] = ((await call) as Result<"session/approvals">).approvals;
      }),
    ),
    asking.length > 0 ? peersMs : 0,
  );
  return answers.flat();
}

export const answer: MethodHandler<"session/answer"> = (caller, params) => {
  const session = caller.daemon.sessions.findLive(params.name);
  refuseReadOnly(caller, session);
  const { approval, decision } = session.answer(params.id, params.answer, actorOf(caller));
  const { method: _method, params: _params, ...shown } = approval;
  return { approval: { ...shown, session: session.name }, decision };
};
