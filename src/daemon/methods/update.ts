import type { Keep } from "../../protocol/session.ts";
import type { Session } from "../session/session.ts";
import { refuseReadOnly } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

/** Of one that has ended, too, what is kept: its history is there. */
export const update: MethodHandler<"session/update"> = (caller, { name, keep, limits }) => {
  const { sessions } = caller.daemon;
  const session = limits === undefined ? sessions.find(name) : sessions.findLive(name);
  refuseReadOnly(caller, session);
  if (keep !== undefined) setKeep(caller, session, keep);
  if (limits !== undefined) session.limit(limits);
  return { session: session.detail() };
};

export function setKeep({ daemon }: Caller, session: Session, changes: Keep): void {
  const { store } = daemon.services;
  const before = store.keep.get(session.id)?.keep ?? {};
  store.transaction(() => store.keep.set(session.id, { ...before, ...changes }));
  daemon.upkeep.trim(session.id);
}
