import { HacsError } from "../../../protocol/errors.ts";
import type { DaemonStatus } from "../../../protocol/session.ts";
import { pathsFor } from "../../../system/paths.ts";
import type { Context } from "../../context.ts";
import type { Verb } from "../../verb.ts";
import {
  type DaemonOptions,
  daemonArguments,
  daemonOptions,
  refuseOptionsElsewhere,
} from "./options.ts";

export const daemonStart: Verb<DaemonOptions> = {
  name: "start",
  group: "Daemon and set-up",
  summary: "start the daemon",
  about:
    "What it is told is kept until daemon stop: one that is started again, by a command after a crash say, is told the same. For good it stands in the config file.",
  options: daemonOptions,
  examples: [
    ["daemon start", "says so when one runs already"],
    ["daemon start --listen 127.0.0.1:9100", "with a port, until daemon stop"],
  ],
  async run(context, _args, options) {
    refuseOptionsElsewhere(context, options);
    const running = (await runningStatus(context))?.pid;
    // Over ssh the first call starts it.
    if (running === undefined && context.choice.host === undefined) {
      const { startDaemon } = await import("../../../client/launch.ts");
      await startDaemon(
        context.choice,
        pathsFor(context.choice),
        daemonArguments(options, context),
      );
    }
    const status = await context.call("daemon/status", {});
    if (running !== undefined) refuseOther(options, status);
    if (context.json) context.printJson(status);
    else if (running === undefined)
      context.note(`The daemon runs, pid ${status.pid}, on ${whereOf(status)}.`);
    else context.note(`A daemon runs already, pid ${running}, on ${whereOf(status)}.`);
    return undefined;
  },
};

/** What it was to listen on would be forgotten silently. */
function refuseOther({ listen = [] }: DaemonOptions, running: DaemonStatus): void {
  const listens = (address: string) => running.listen.some((url) => url.endsWith(`//${address}`));
  if (listen.every(listens)) return;
  throw new HacsError(
    "daemon-running",
    `A daemon runs already, pid ${running.pid}, and listens on ${running.listen.join(", ") || "its socket alone"}.`,
    `Agents and turns go on meanwhile: hacs-session daemon restart${listen.map((address) => ` --listen ${address}`).join("")}`,
  );
}

export function whereOf({ socket, listen }: DaemonStatus): string {
  return [socket, ...listen].join(", ");
}

/** Of the daemon that answers, if one does. */
export async function runningStatus(context: Context): Promise<DaemonStatus | undefined> {
  try {
    const connection = await context.dialRunning();
    const status = await connection.call("daemon/status", {});
    connection.close();
    return status;
  } catch (error) {
    if (error instanceof HacsError && error.code === "daemon-unreachable") return undefined;
    throw error;
  }
}
