import { seen } from "./caller.ts";
import type { MethodHandler } from "./index.ts";

/** Of all that live, in the order of creation, as `session/list` has them. */
export const activity: MethodHandler<"daemon/activity"> = (caller) => {
  const sessions = seen(caller, caller.daemon.sessions.live());
  return { sessions: sessions.map((session) => session.activity()) };
};
