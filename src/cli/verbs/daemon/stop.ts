import type { Connection } from "../../../client/connection.ts";
import { HacsError } from "../../../protocol/errors.ts";
import type { Params, Result } from "../../../protocol/methods.ts";
import { pathsFor } from "../../../system/paths.ts";
import { forgetStart, type StartOptions, startedWith } from "../../../system/started-with.ts";
import { type Context, isStopping } from "../../context.ts";
import type { Verb } from "../../verb.ts";

function lastStart({ choice, env }: Context): StartOptions | undefined {
  return choice.host === undefined ? startedWith(pathsFor(choice, env)) : undefined;
}

/** What the daemon is given to settle its agents and end; its own deadlines are shorter. */
const goneTimeoutMs = 30_000;

export const daemonStop: Verb<{ end?: boolean; keep?: boolean }> = {
  name: "stop",
  group: "Daemon and set-up",
  summary: "stop the daemon; sessions are kept, and carry on with the next one",
  about:
    "Idle agents are put to sleep, and agents in a turn finish it and then go. What the daemon was started with is forgotten, except with --keep.",
  options: [
    { flags: "--end", about: "interrupt running turns, and end all agents", conflicts: ["keep"] },
    { flags: "--keep", about: "leave agents as they are, for the next daemon" },
  ],
  examples: [["daemon stop", "says what became of each session"]],
  async run(context, _args, options) {
    const { listen = [] } = lastStart(context) ?? {};
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
    if (!options.keep && context.choice.host === undefined) {
      // Where none ran, nobody else would.
      forgetStart(pathsFor(context.choice, context.env));
      if (listen.length > 0)
        context.note(
          `The next one listens only if it is told to: hacs-session daemon start${listen.map((address) => ` --listen ${address}`).join("")}`,
        );
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
    if (isStopping(error)) return void (await context.whenStopped());
    if (error instanceof HacsError && error.code === "daemon-unreachable") return undefined;
    throw error;
  }
  const gone = new Promise<void>((resolve) => {
    connection.onClose = () => resolve();
  });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("late")), goneTimeoutMs);
  try {
    const result = await Promise.race([connection.call("daemon/stop", { agents }), late.promise]);
    await Promise.race([gone, late.promise]);
    return result;
  } catch (error) {
    // Another command told it to stop.
    if (isStopping(error)) return void (await context.whenStopped());
    if (error instanceof HacsError) throw error;
    if (context.choice.host !== undefined) throw hungThere(context.choice.host);
    const { hungDaemon } = await import("../../../client/hung.ts");
    const { message, next } = hungDaemon(pathsFor(context.choice, context.env).socket);
    const told = `It was told to stop ${goneTimeoutMs / 1000} s ago.`;
    throw new HacsError("daemon-hung", `${message} ${told}`, next);
  } finally {
    clearTimeout(timer);
  }
}

function hungThere(host: string): HacsError {
  return new HacsError(
    "daemon-hung",
    `The daemon on "${host}" was told to stop ${goneTimeoutMs / 1000} s ago, and is still there.`,
    `Look there: ssh -t ${host} hacs-session daemon stop`,
  );
}
