/** What is told of the archive: the Postgres where histories of many daemons are collected. */
import type { ErrorCode } from "./errors.ts";

/** How this daemon stands with its archive. */
export interface ArchiveStatus {
  /** Where it is, without a password. */
  url: string;
  /** away: what happens meanwhile is kept here, and carried there when it is back. */
  state: "connecting" | "connected" | "away";
  since: string;
  /** Records that it does not have yet, and of how many sessions. */
  records: number;
  sessions: number;
  /** Removed sessions that it has still to forget. */
  removals: number;
  /** Why it is away, and what to do. */
  error: { code: ErrorCode; message: string; next: string | null } | null;
  /** Ids of sessions of which it has another history, and takes no more. */
  conflicts: string[];
}

/** A session as the archive has it: one line of `ls --archive --json`. */
export interface ArchivedSession {
  /** `MACHINE/SESSION`: what its daemon calls itself, and its name there. */
  name: string;
  id: string;
  /** The daemon's random id, which tells machines of one name apart. */
  daemon: string;
  cwd: string;
  model: string | null;
  provider: string | null;
  /** The last record's seq. */
  seq: number;
  createdAt: string;
  activeAt: string;
  endedAt: string | null;
}
