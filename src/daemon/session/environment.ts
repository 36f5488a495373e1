/**
 * The environment of a session's agent: that of the client that created it. It may hold secrets,
 * so it lies in a file of its own that only the owner can read, apart from the history.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { ensurePrivateDirectory } from "../../system/paths.ts";

export function writeEnvironment(directory: string, env: Record<string, string>): void {
  ensurePrivateDirectory(directory);
  const file = join(directory, "env.json");
  // A new file takes the old one's place in one step, so that a crash leaves one of the two.
  writeFileSync(`${file}.new`, JSON.stringify(env), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function readEnvironment(directory: string): Record<string, string> {
  const file = join(directory, "env.json");
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch (error) {
    throw new HacsError(
      "state-damaged",
      `The session's environment can't be read from ${file}: ${messageOf(error)}.`,
      "Give it the environment of this shell with: hacs-session restart --update-env NAME",
    );
  }
}

export function removeSessionDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
