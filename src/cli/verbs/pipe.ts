import type { Readable, Writable } from "node:stream";
import { HacsError } from "../../protocol/errors.ts";
import { pathsFor } from "../../system/paths.ts";
import type { Context } from "../context.ts";
import type { Verb } from "../verb.ts";

export const pipe: Verb<{ start?: boolean }> = {
  name: "pipe",
  group: "Daemon and set-up",
  summary: "carry the protocol over stdin and stdout, for ssh",
  about:
    "-H and ssh:// peers run it on the other machine. It starts the daemon there if need be, and ends when either side does.",
  options: [{ flags: "--no-start", about: "end with 6 when no daemon runs" }],
  examples: [["pipe", "what ssh HOST hacs-session pipe runs"]],
  async run(context, _args, options) {
    if (context.choice.host !== undefined) {
      throw new HacsError(
        "invalid-usage",
        "pipe carries to the daemon of this machine, so it takes no -H.",
        "From there on, add a peer: hacs-session peer add NAME ssh://HOST",
      );
    }
    await relay(context, options.start ?? true);
    return undefined;
  },
};

/** Bytes as they come; what one side can't take, the other is not read for. */
async function relay(context: Context, starts: boolean): Promise<void> {
  // Starts the daemon, or says why it can't be.
  (await (starts ? context.dial() : context.dialRunning())).close();
  const { checkOwner, connect } = await import("../../client/dial.ts");
  const { pipeGreeting } = await import("../../client/ssh.ts");
  const { socket: path } = pathsFor(context.choice, context.env);
  checkOwner(path);
  const socket = await connect(path);
  const [input, output]: [Readable, Writable] = [process.stdin, process.stdout];
  const over = new Promise<void>((resolve) => {
    for (const stream of [input, output, socket]) stream.once("error", resolve);
    for (const stream of [output, socket]) stream.once("close", resolve);
    // The last answers may still come when there is nothing more to ask.
    input.once("end", () => socket.end());
  });
  output.write(`${pipeGreeting}\n`);
  input.pipe(socket, { end: false });
  socket.pipe(output, { end: false });
  await over;
  // What the daemon said last is not lost with this process.
  if (!output.destroyed) await new Promise<void>((resolve) => output.write("", () => resolve()));
}
