import { HacsError } from "../../protocol/errors.ts";

const errorCharsMax = 2_000;

/** A peer's refusal in our own shape: its words bounded, its name before them. */
export function readError(peer: string, error: unknown): HacsError {
  if (!(error instanceof HacsError)) throw error;
  const { code, message, next } = error;
  const said = `${peer}: ${String(message).slice(0, errorCharsMax)}`;
  const then = typeof next === "string" ? next.slice(0, errorCharsMax) : undefined;
  // What its own daemon goes through is, from here, a peer that is away; no command here starts it.
  if (code.startsWith("daemon-")) {
    const again = "It is tried again and again; see: hacs-session peer ls";
    return new HacsError("peer-unreachable", said, again);
  }
  return new HacsError(code, said, then);
}
