/** Runs a verb on the machine that -H names, for what is about that machine's own files. */
import type { RunOptions } from "../client/ssh-run.ts";
import type { Context } from "./context.ts";

/** Resolves with the exit code that it had there. */
export async function runThere(
  context: Context,
  words: string[],
  options: Pick<RunOptions, "held" | "onLine">,
): Promise<number> {
  const { targetOf, remoteCommand } = await import("../client/host.ts");
  const { runOverSsh } = await import("../client/ssh-run.ts");
  const target = targetOf(context.choice);
  if (target === undefined) throw new Error("there is no other machine");
  // Ends as a program does, so that what runs over there is ended too.
  context.onInterrupt(() => {});
  return runOverSsh({
    ...options,
    target,
    command: remoteCommand(context.env),
    words: [...words, ...(context.quiet ? ["-q"] : [])],
    onStderr: (text) => process.stderr.write(text),
  });
}
