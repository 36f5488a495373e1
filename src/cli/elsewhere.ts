/** What is about the session's machine, when that is not this one. */
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Context } from "./context.ts";
import { environment } from "./session-environment.ts";

/** Whether a session of this name, or a new one, lives on another machine. */
export function isElsewhere(
  { choice }: Pick<Context, "choice">,
  name: string | undefined,
): boolean {
  return choice.host !== undefined || (name?.includes("/") ?? false);
}

/** This shell's environment means nothing there: the daemon there has its own. */
export function ownEnvironment(
  context: Pick<Context, "choice" | "env">,
  name: string | undefined,
): { env?: Record<string, string> } {
  return isElsewhere(context, name) ? {} : { env: environment(context.env) };
}

/** For options that are about this machine; throws `not-here` where the session is on another. */
export function refuseElsewhere(
  context: Pick<Context, "choice">,
  name: string | undefined,
  option: string,
  instead: string,
): void {
  if (!isElsewhere(context, name)) return;
  const where = context.choice.host ?? name?.slice(0, name.lastIndexOf("/")) ?? "";
  throw new HacsError(
    "not-here",
    `${option} is about this machine, and the session is on ${quote(where)}.`,
    instead,
  );
}
