import type { Context } from "../../context.ts";
import { refuseElsewhere } from "../../elsewhere.ts";
import { environment } from "../../session-environment.ts";
import type { Verb } from "../../verb.ts";
import { type DaemonOptions, daemonArguments, daemonOptions } from "./options.ts";

interface Options extends DaemonOptions {
  end?: boolean;
}

export const daemonRun: Verb<Options> = {
  name: "run",
  group: "Daemon and set-up",
  summary: "run the daemon in the foreground, for systemd and containers",
  about:
    "As the first process of a container it also buries what others leave behind, and ends with all agents, since nothing outlives it there.",
  options: [
    ...daemonOptions,
    {
      flags: "--end",
      about: "on SIGTERM interrupt running turns and end all agents, as in a container",
    },
  ],
  examples: [
    ["daemon run", "logs to stderr; ends on SIGTERM or ^C"],
    ["daemon run --end", "in a container whose first process is another, as docker run --init"],
  ],
  async run(context, _args, options) {
    refuseElsewhere(
      context,
      undefined,
      "daemon run",
      "Run it there: ssh -t HOST hacs-session daemon run",
    );
    const { programFile } = await import("../../../system/program-file.ts");
    const first = process.pid === 1;
    const args = [
      programFile("daemon.cjs"),
      ...choiceArguments(context),
      ...daemonArguments(options, context),
      ...(options.end || first ? ["--end-agents"] : []),
      "--foreground",
    ];
    // The daemon takes this process's place, so that signals and the supervisor reach it itself.
    if (process.execve) {
      const [file = "", ...rest] = first ? below(args) : [process.execPath, ...args];
      process.execve(file, [file, ...rest], environment(process.env));
    }
    return runBelow(args);
  },
};

/**
 * Whatever loses its parent becomes the first process's child, and stays a zombie until that waits
 * for it. Node waits for its own children alone; a shell that waits for one buries all that end.
 */
const firstProcess = `
"$@" &
daemon=$!
trap 'kill -TERM "$daemon"' TERM INT
trap 'kill -HUP "$daemon"' HUP
while wait "$daemon"; code=$?; kill -0 "$daemon" 2>/dev/null; do :; done
exit "$code"
`;

function below(args: string[]): string[] {
  return ["/bin/sh", "-c", firstProcess, "hacs-session", process.execPath, ...args];
}

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
