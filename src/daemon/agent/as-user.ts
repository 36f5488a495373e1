/**
 * A program of its own: becomes the user that it is told over fd 3, then the program of its
 * arguments. It begins as root and with an empty environment, so nothing of the user's, and nothing
 * that is named in his environment, runs before it is him.
 */
import { closeSync, readFileSync } from "node:fs";
import { messageOf } from "../../protocol/errors.ts";
import { type Becoming, becomingFd } from "../../system/spawn-as.ts";
import { become } from "../../system/unix-user.ts";

function main(): void {
  const [file = "", ...args] = process.argv.slice(2);
  const { user, cwd, env } = JSON.parse(readFileSync(becomingFd, "utf8")) as Becoming;
  closeSync(becomingFd);
  if (process.execve === undefined) throw new Error("this Node has no execve");
  become(user);
  process.chdir(cwd);
  process.execve(file, [file, ...args], env);
}

try {
  process.removeAllListeners("warning");
  main();
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  process.exit(1);
}
