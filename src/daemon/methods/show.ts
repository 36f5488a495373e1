import type { MethodHandler } from "./index.ts";

/** In the order of creation. */
export const list: MethodHandler<"session/list"> = ({ daemon }, { all }) => {
  const sessions = all === true ? daemon.sessions.all() : daemon.sessions.live();
  return { sessions: sessions.map((session) => session.info()) };
};

export const show: MethodHandler<"session/show"> = ({ daemon }, { name }) => ({
  session: daemon.sessions.find(name).detail(),
});
