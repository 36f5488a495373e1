/**
 * One daemon a state directory and one a socket. The lock is SQLite's own, on an empty file: it
 * is the kernel's, so it ends with the process that holds it, however that dies, and is never
 * stale.
 */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { quote } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";

/** A process that was killed holds its files a moment longer than it is seen. */
const lastBreathMs = 500;

/**
 * Throws `daemon-running` when another process holds it. The lock is kept until the process ends;
 * one whose file was removed meanwhile is taken anew.
 */
export function acquireLock(file: string): void {
  const before = held.get(file);
  if (before !== undefined && before.inode === inodeOf(file)) return;
  try {
    const db = new DatabaseSync(file);
    db.exec(
      `PRAGMA busy_timeout = ${lastBreathMs}; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;`,
    );
    held.set(file, { db, inode: inodeOf(file) });
    before?.db.close();
  } catch (error) {
    if (/locked|busy/i.test(messageOf(error))) {
      throw new HacsError(
        "daemon-running",
        `Another daemon holds ${quote(file)}.`,
        "Use it, or end it with: hacs-session daemon stop",
      );
    }
    throw new HacsError(
      "state-unwritable",
      `The lock ${quote(file)} can't be taken: ${messageOf(error)}.`,
      "Check the directory's owner, mode and free space, or set HACS_SESSION_HOME.",
    );
  }
}

const held = new Map<string, { db: DatabaseSync; inode: number | undefined }>();

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}
