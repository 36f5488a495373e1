import { HacsError } from "../../../protocol/errors.ts";
import { pathsFor } from "../../../system/paths.ts";
import type { Context } from "../../context.ts";
import type { Verb } from "../../verb.ts";
import {
  type DaemonOptions,
  daemonArguments,
  daemonOptions,
  refuseOptionsElsewhere,
} from "./options.ts";
import { stopDaemon } from "./stop.ts";

/** Between the end of its last connection and the end of its lock a daemon needs a moment. */
const lockTimeoutMs = 10_000;
const pollMs = 20;

export const daemonRestart: Verb<DaemonOptions> = {
  name: "restart",
  group: "Daemon and set-up",
  summary: "stop the daemon and start it again; agents and their turns go on meanwhile",
  options: daemonOptions,
  examples: [["daemon restart", "after an update of hacs-session"]],
  async run(context, _args, options) {
    refuseOptionsElsewhere(context, options);
    const stopped = await stopDaemon(context, "keep");
    if (context.choice.host === undefined) await startAgain(context, options);
    const status = await context.call("daemon/status", {});
    if (context.json) context.printJson(status);
    else
      context.note(
        `${stopped ? "The daemon was restarted" : "No daemon ran; one runs now"}, pid ${status.pid}.`,
      );
    return undefined;
  },
};

async function startAgain(context: Context, options: DaemonOptions): Promise<void> {
  const { startDaemon } = await import("../../../client/launch.ts");
  const deadline = Date.now() + lockTimeoutMs;
  for (;;) {
    try {
      await startDaemon(
        context.choice,
        pathsFor(context.choice),
        daemonArguments(options, context),
      );
      break;
    } catch (error) {
      const held = error instanceof HacsError && error.code === "daemon-running";
      if (!held || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
