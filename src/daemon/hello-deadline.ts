import { HacsError } from "../protocol/errors.ts";

/** How long who was let in may take to say hello. */
export const helloMs = 10_000;

export function helloTooLate(): HacsError {
  return new HacsError(
    "timed-out",
    `The first call on a connection is hello, within ${helloMs / 1000} s.`,
  );
}
