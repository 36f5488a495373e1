import type { Keep } from "../../protocol/session.ts";
import { shownResources } from "../agent/resources.ts";
import type { Session } from "../session/session.ts";
import { refuseReadOnly } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

/** Of one that has ended, too, what is kept: its history is there. */
export const update: MethodHandler<"session/update"> = async (
  caller,
  { name, keep, limits, run },
) => {
  const { sessions, services } = caller.daemon;
  const keepAlone = limits === undefined && run === undefined;
  const session = keepAlone ? sessions.find(name) : sessions.findLive(name);
  refuseReadOnly(caller, session);
  if (keep !== undefined) setKeep(caller, session, keep);
  if (limits !== undefined) session.limit(limits);
  if (run === undefined) return { session: session.detail() };
  session.rerun(run);
  const { row, runContext } = session;
  const support = await services.confinements.of(row.spec);
  const resources = shownResources(runContext.resources(), row.agent, support);
  return { session: { ...session.detail(), resources } };
};

export function setKeep({ daemon }: Caller, session: Session, changes: Keep): void {
  const { store } = daemon.services;
  const before = store.keep.get(session.id)?.keep ?? {};
  store.transaction(() => store.keep.set(session.id, { ...before, ...changes }));
  daemon.upkeep.trim(session.id);
}
