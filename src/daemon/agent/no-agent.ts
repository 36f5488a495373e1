/** Why a session has no agent, as who wanted one is told. */
import { HacsError } from "../../protocol/errors.ts";

export function asleep(): HacsError {
  return new HacsError(
    "agent-gone",
    "The session's agent is not running.",
    "Start it with: hacs-session wake NAME",
  );
}

export function tooSoon(retryAt: string): HacsError {
  return new HacsError(
    "agent-gone",
    `The session's agent crashed, and is started again at ${retryAt}.`,
    "Start it now with: hacs-session wake NAME",
  );
}

export function leaving(): HacsError {
  return new HacsError(
    "daemon-stopping",
    "The daemon is shutting down.",
    "Try again: the next command starts a new one.",
  );
}

export function ended(): HacsError {
  return new HacsError(
    "session-ended",
    "The session was killed; only its history is left.",
    "Read it with: hacs-session tail NAME",
  );
}

export function unwanted(): HacsError {
  return new HacsError(
    "agent-gone",
    "The session was put to sleep before it had a slot for its agent.",
    "Start it with: hacs-session wake NAME",
  );
}
