import { HacsError } from "../protocol/errors.ts";
import { limits } from "../protocol/methods.ts";

/** All of stdin as text, without its last newline. Throws `message-too-large` past the bound. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > limits.messageBytesMax) {
      throw new HacsError(
        "message-too-large",
        `A message has at most ${limits.messageBytesMax} bytes; stdin has more.`,
        "Put it in a file in the session's directory, and name that file in the message.",
      );
    }
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
