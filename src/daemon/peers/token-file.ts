/** The tokens that this daemon shows to others: each in a file that only its owner can read. */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HacsError } from "../../protocol/errors.ts";
import { ensurePrivateDirectory } from "../../system/paths.ts";

/** Gives the file it was written to. */
export function writeToken(stateDir: string, token: string): string {
  const directory = join(stateDir, "peers");
  ensurePrivateDirectory(directory);
  const file = join(directory, `${randomBytes(8).toString("hex")}.token`);
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: "wx" });
  return file;
}

export function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new HacsError(
      "state-damaged",
      `A peer's token can't be read from ${file} (${(error as NodeJS.ErrnoException).code}).`,
      "Remove the peer and add it again: hacs-session peer rm NAME",
    );
  }
}

export function removeToken(file: string | null): void {
  if (file !== null) rmSync(file, { force: true });
}
