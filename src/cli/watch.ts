/**
 * Waits for something to happen in a session, across whatever happens to the daemon meanwhile.
 * The caller is handed every event once, in order, and settles the wait when it has seen enough.
 */
import type { Connection } from "../client/connection.ts";
import { Follower } from "../client/follow.ts";
import { formatDuration } from "../protocol/duration.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Params, Result } from "../protocol/methods.ts";
import type { SessionEvent } from "../protocol/records.ts";
import { afterMs } from "../system/after-ms.ts";
import { type Context, isStopping } from "./context.ts";

export interface Watch<T> {
  attach: Params<"session/attach">;
  /** Called after every attach, before its events. What it throws ends the wait. */
  onAttached?: (
    result: Result<"session/attach">,
    settle: (value: T) => void,
    connection: Connection,
  ) => void | Promise<void>;
  onEvent: (event: SessionEvent, settle: (value: T) => void) => void;
  timeoutMs?: number | undefined;
  /** What the time ran out for, as the error says it: `the answer`. */
  waitsFor: string;
}

export async function watch<T>(context: Context, options: Watch<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  /** What a peer's link broke under; its session is attached again without this command's doing. */
  let unfinished: (() => void | Promise<void>) | undefined;
  const guard = (work: () => void | Promise<void>) => {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => {
        // A lost connection is the follower's to mend; the next attach tries again. One that was
        // refused by a daemon's end is asked of the next daemon, whoever starts that.
        if (isStopping(error)) first = true;
        else if (error instanceof HacsError && error.code === "peer-unreachable") unfinished = work;
        else if (!(error instanceof HacsError && error.code === "daemon-unreachable"))
          reject(error);
      });
  };
  let first = true;
  const follower = new Follower({
    dial: () => (first ? context.dial() : context.redial()),
    attach: options.attach,
    onEvent: (event) => {
      try {
        options.onEvent(event, resolve);
        const again = event.method === "session/live" ? unfinished : undefined;
        if (again === undefined) return;
        unfinished = undefined;
        guard(again);
      } catch (error) {
        reject(error);
      }
    },
    onAttached: (result, connection) => {
      first = false;
      guard(() => options.onAttached?.(result, resolve, connection));
    },
    onDisconnected: () =>
      context.note("hacs-session: the daemon is gone; waiting for it to come back."),
    onStillAway: ({ message }) => {
      if (context.verbose) context.note(`hacs-session: ${message}`);
    },
  });
  follower.ended.then((error) => {
    if (error) reject(error);
  });
  const { timeoutMs, waitsFor } = options;
  const clear =
    timeoutMs === undefined
      ? () => {}
      : afterMs(timeoutMs, () => reject(timedOut(timeoutMs, waitsFor)));
  try {
    // The time may run out, or an event settle it, before the first attach is through.
    await Promise.race([promise, startFollower(follower, context, () => first)]);
    return await promise;
  } finally {
    clear();
    follower.stop();
  }
}

/** A daemon that dies just as it is asked is asked again once, like any other call. */
async function startFollower(
  follower: Follower,
  context: Context,
  unattached: () => boolean,
): Promise<void> {
  try {
    await follower.start();
  } catch (error) {
    const lost = error instanceof HacsError && error.code === "daemon-unreachable";
    if (!(lost || isStopping(error)) || !unattached()) throw error;
    if (isStopping(error)) await context.whenStopped();
    if (context.verbose) context.note("hacs-session: the daemon went away; asking again.");
    await follower.start();
  }
}

function timedOut(timeoutMs: number, waitsFor: string): HacsError {
  return new HacsError(
    "timed-out",
    `Waited ${formatDuration(timeoutMs)} for ${waitsFor}, and the time given ran out.`,
    "What runs goes on. Look with: hacs-session ls",
  );
}
