import { resolve } from "node:path";
import { HacsError } from "../../../protocol/errors.ts";
import { pathsFor } from "../../../system/paths.ts";
import type { Context } from "../../context.ts";
import type { Option, Verb } from "../../verb.ts";

export const codexOption: Option = {
  flags: "--codex <path>",
  about: "the codex that sessions run",
  completes: "file",
};

export const daemonStart: Verb<{ codex?: string }> = {
  name: "start",
  group: "Daemon and set-up",
  summary: "start the daemon",
  options: [codexOption],
  examples: [["daemon start", "says so when one runs already"]],
  async run(context, _args, options) {
    const running = await runningPid(context);
    if (running === undefined) {
      const { startDaemon } = await import("../../../client/launch.ts");
      await startDaemon(context.choice, pathsFor(context.choice), codexArguments(options, context));
    }
    const status = await context.call("daemon/status", {});
    if (context.json) context.printJson(status);
    else if (running === undefined)
      context.note(`The daemon runs, pid ${status.pid}, on ${status.socket}.`);
    else context.note(`A daemon runs already, pid ${running}, on ${status.socket}.`);
    return undefined;
  },
};

export function codexArguments(options: { codex?: string }, { cwd }: Context): string[] {
  if (options.codex === undefined) return [];
  // The daemon runs in another directory; a bare word is looked for on PATH.
  return ["--codex", options.codex.includes("/") ? resolve(cwd, options.codex) : options.codex];
}

/** The pid of the daemon that answers, if one does. */
export async function runningPid(context: Context): Promise<number | undefined> {
  try {
    const connection = await context.dialRunning();
    const { pid } = await connection.call("daemon/status", {});
    connection.close();
    return pid;
  } catch (error) {
    if (error instanceof HacsError && error.code === "daemon-unreachable") return undefined;
    throw error;
  }
}
