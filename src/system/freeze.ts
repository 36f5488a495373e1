/**
 * A session that was stopped in a panic starts no agent and delivers nothing until somebody lets it
 * go on. That is a file in its directory and not a row in the database, so that it can be said, and
 * is heard, also where no daemon answers.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Actor } from "../protocol/session.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export interface Freeze {
  at: string;
  by: Actor;
  /** The history knows of it. What no daemon answered is written there by the next. */
  recorded: boolean;
  /** What belonged to the session when it was said: whoever ends it later can't tell any more. */
  processes?: ProcessIdentity[];
}

const nobody: Actor = { kind: "daemon", user: "somebody", from: "" };

export function freezeFile(stateDir: string, session: string): string {
  return join(stateDir, "sessions", session, "frozen.json");
}

export function freeze(file: string, said: Freeze): void {
  // A new file takes the old one's place in one step, so that a crash leaves one of the two.
  try {
    writeFileSync(`${file}.new`, JSON.stringify(said), { mode: 0o600 });
  } catch {
    // A disk that is full has room for a name, and it is the name that stops a session.
    if (existsSync(file)) return rmSync(`${file}.new`, { force: true });
  }
  renameSync(`${file}.new`, file);
}

export function thaw(file: string): void {
  rmSync(file, { force: true });
}

/** A file that can't be read means the same: somebody said stop, and what came of it nobody knows. */
export function frozen(file: string): Freeze | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { at, by, recorded, processes } = JSON.parse(readFileSync(file, "utf8"));
    return {
      at: String(at),
      by: by ?? nobody,
      recorded: recorded === true,
      ...(Array.isArray(processes) ? { processes } : {}),
    };
  } catch {
    return { at: new Date().toISOString(), by: nobody, recorded: false };
  }
}

/** The ids of all sessions that have a directory, those that ended included. */
export function sessionsOnDisk(stateDir: string): string[] {
  try {
    return readdirSync(join(stateDir, "sessions"));
  } catch {
    return [];
  }
}
