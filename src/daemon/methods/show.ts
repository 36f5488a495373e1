import { seen } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

/** In the order of creation. */
export const list: MethodHandler<"session/list"> = (caller, { all }) => {
  const { sessions } = caller.daemon;
  const listed = seen(caller, all === true ? sessions.all() : sessions.live());
  return { sessions: listed.map((session) => session.info()) };
};

export const show: MethodHandler<"session/show"> = ({ daemon }, { name }) => ({
  session: daemon.sessions.find(name).detail(),
});
