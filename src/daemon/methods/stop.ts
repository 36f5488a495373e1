import { forgetStart } from "../../system/started-with.ts";
import type { MethodHandler } from "./index.ts";

/** One that keeps its agents for the next daemon keeps that one what it is, too: a restart. */
export const stop: MethodHandler<"daemon/stop"> = ({ daemon }, { agents }) => {
  if (agents !== "keep") forgetStart(daemon.services.paths);
  return daemon.stop(agents);
};
