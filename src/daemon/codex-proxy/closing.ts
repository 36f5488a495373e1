import { HacsError } from "../../protocol/errors.ts";

/** The close code of RFC 6455, 7.4.1, with which a client is told why it can't be served. */
export function closing(error: unknown): [code: number, reason: string] {
  if (!(error instanceof HacsError))
    return [1011, "a bug in hacs-session; the daemon's log has it"];
  return [error.code === "not-allowed" ? 1008 : 1011, error.message];
}
