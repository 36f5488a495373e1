import type { Connection } from "../../../client/connection.ts";
import { HacsError } from "../../../protocol/errors.ts";
import type { Params, Result } from "../../../protocol/methods.ts";
import type { Context } from "../../context.ts";
import type { Verb } from "../../verb.ts";

/** What the daemon is given to finish after it answered; its own deadlines are shorter. */
const goneTimeoutMs = 30_000;

export const daemonStop: Verb<{ end?: boolean; keep?: boolean }> = {
  name: "stop",
  group: "Daemon and set-up",
  summary: "stop the daemon; sessions are kept, and carry on with the next one",
  about: "Idle agents are put to sleep, and agents in a turn finish it and then go.",
  options: [
    { flags: "--end", about: "interrupt running turns, and end all agents", conflicts: ["keep"] },
    { flags: "--keep", about: "leave agents as they are, for the next daemon" },
  ],
  examples: [["daemon stop", "says what became of each session"]],
  async run(context, _args, options) {
    const stopped = await stopDaemon(
      context,
      options.end ? "end" : options.keep ? "keep" : "settle",
    );
    if (context.json) context.printJson(stopped?.sessions ?? []);
    else if (stopped === undefined) context.note("No daemon runs.");
    else {
      for (const { name, state, outcome } of stopped.sessions)
        context.print(`${name}: ${state}, ${outcome}`);
      context.note("The daemon has stopped.");
    }
    return undefined;
  },
};

/** Resolves when the daemon is gone; undefined when none ran. */
export async function stopDaemon(
  context: Context,
  agents: Params<"daemon/stop">["agents"],
): Promise<Result<"daemon/stop"> | undefined> {
  let connection: Connection;
  try {
    connection = await context.dialRunning();
  } catch (error) {
    if (error instanceof HacsError && error.code === "daemon-unreachable") return undefined;
    throw error;
  }
  const gone = new Promise<void>((resolve) => {
    connection.onClose = () => resolve();
  });
  const result = await connection.call("daemon/stop", { agents });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_resolve, reject) => {
    timer = setTimeout(() => reject(stillThere()), goneTimeoutMs);
  });
  await Promise.race([gone, late]).finally(() => clearTimeout(timer));
  return result;
}

function stillThere(): HacsError {
  return new HacsError(
    "timed-out",
    `The daemon was told to stop, and is still there after ${goneTimeoutMs / 1000} s.`,
    "See what it does: hacs-session daemon status",
  );
}
