/** Everything stop, and who may let it go on. */
import { includes } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Stopped } from "../../protocol/session.ts";
import type { Session } from "../session/session.ts";
import { actorOf, refuseReadOnly, seen } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

export const panic: MethodHandler<"session/panic"> = (caller, { name }) => {
  const { sessions } = caller.daemon;
  // One that is still being created may be what is to be stopped; it is gone then.
  const found = sessions.find(name);
  const session = found.row.ready ? sessions.findLive(name) : found;
  refuseReadOnly(caller, session);
  return stop(caller, session);
};

/** One that can't be stopped does not keep the others running. */
export const panicAll: MethodHandler<"daemon/panic"> = async (caller) => {
  const sessions = seen(caller, caller.daemon.sessions.live());
  const { log } = caller.daemon.services;
  const stopping = sessions.map(async (session) => {
    try {
      return await stop(caller, session);
    } catch (error) {
      log.error({ err: error, session: session.name }, "a panic failed");
      const pid = session.info().agentPid;
      const left = pid === null ? [] : [{ pid, command: "the agent" }];
      return { session: session.info(), killed: 0, left };
    }
  });
  return { sessions: await Promise.all(stopping) };
};

async function stop(caller: Caller, session: Session): Promise<Stopped> {
  const stopped = await session.life.panic.stop(actorOf(caller));
  const info = session.info();
  // One that was still being made is not made any more.
  return { session: session.row.ready ? info : { ...info, state: "ended" }, ...stopped };
}

/** Before a person starts a session by hand: whoever may stop it may let it go on. */
export async function thaw(caller: Caller, session: Session): Promise<void> {
  if (!session.life.panic.frozen) return;
  if (!includes(caller.client.identity.access.scope, "approve")) {
    throw new HacsError(
      "not-allowed",
      `Session "${session.name}" was stopped in a panic, and to let it go on needs the scope approve.`,
      "Ask who stopped it; hacs-session show NAME says since when.",
    );
  }
  await session.life.panic.lift(actorOf(caller));
}
