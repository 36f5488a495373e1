import { HacsError } from "../../../protocol/errors.ts";
import { pathsFor } from "../../../system/paths.ts";
import { sleep } from "../../../system/sleep.ts";
import type { Context } from "../../context.ts";
import { runThere } from "../../run-there.ts";
import type { Verb } from "../../verb.ts";
import {
  type DaemonOptions,
  daemonArguments,
  daemonOptions,
  refuseOptionsElsewhere,
} from "./options.ts";
import { runningStatus, whereOf } from "./start.ts";
import { stopDaemon } from "./stop.ts";

/** Between the end of its last connection and the end of its lock a daemon needs a moment. */
const lockTimeoutMs = 10_000;
const pollMs = 20;

export const daemonRestart: Verb<DaemonOptions> = {
  name: "restart",
  group: "Daemon and set-up",
  summary: "stop the daemon and start it again; agents and their turns go on meanwhile",
  about: "Without options it is started as it was. With some, with these alone.",
  options: daemonOptions,
  examples: [
    ["daemon restart", "after an update of hacs-session"],
    ["daemon restart --listen 127.0.0.1:9100", "with a port, until daemon stop"],
  ],
  async run(context, _args, options) {
    refuseOptionsElsewhere(context, options);
    // Over there the whole verb runs, which looks first whether the next daemon can start.
    if (context.choice.host !== undefined) {
      const words = ["daemon", "restart", ...(context.json ? ["--json"] : [])];
      return runThere(context, words, { onLine: (line) => context.print(line) });
    }
    await checkFirst(context, options);
    const stopped = await stopDaemon(context, "keep");
    await startAgain(context, options);
    const status = await context.call("daemon/status", {});
    if (context.json) context.printJson(status);
    else
      context.note(
        `${stopped ? "The daemon was restarted" : "No daemon ran; one runs now"}, pid ${status.pid}, on ${whereOf(status)}.`,
      );
    return undefined;
  },
};

/** While the one that runs still does: what would not start is no reason to stop it. */
async function checkFirst(context: Context, options: DaemonOptions): Promise<void> {
  const { checkStart } = await import("../../../client/launch.ts");
  const { choice } = context;
  const held = ((await runningStatus(context))?.listen ?? []).map(portOf);
  await checkStart(choice, pathsFor(choice), daemonArguments(options, context), held);
}

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
      await sleep(pollMs);
    }
  }
}

/** Of a URL that does not say it, being the usual one. */
function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
