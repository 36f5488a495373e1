import type { Context } from "../../context.ts";
import { refuseElsewhere } from "../../elsewhere.ts";
import { environment } from "../../session-environment.ts";
import type { Verb } from "../../verb.ts";
import { type DaemonOptions, daemonArguments, daemonOptions } from "./options.ts";

export const daemonRun: Verb<DaemonOptions> = {
  name: "run",
  group: "Daemon and set-up",
  summary: "run the daemon in the foreground, for systemd and containers",
  options: daemonOptions,
  examples: [["daemon run", "logs to stderr; ends on SIGTERM or ^C"]],
  async run(context, _args, options) {
    refuseElsewhere(
      context,
      undefined,
      "daemon run",
      "Run it there: ssh -t HOST hacs-session daemon run",
    );
    const { programFile } = await import("../../../system/program-file.ts");
    const args = [
      programFile("daemon.cjs"),
      ...choiceArguments(context),
      ...daemonArguments(options, context),
      "--foreground",
    ];
    // The daemon takes this process's place, so that signals and the supervisor reach it itself.
    if (process.execve)
      process.execve(process.execPath, [process.execPath, ...args], environment(process.env));
    return runBelow(args);
  },
};

/** For a Node without execve: hands signals on, and ends as the daemon ends. */
async function runBelow(args: string[]): Promise<number> {
  const { spawn } = await import("node:child_process");
  process.removeAllListeners("SIGINT");
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function choiceArguments({ choice }: Context): string[] {
  if (choice.socket !== undefined) return ["--socket", choice.socket];
  if (choice.label !== undefined) return ["--label", choice.label];
  return [];
}
