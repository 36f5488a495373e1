/** How an error is told: at most three lines for people, one object for machines, on stderr. */
import { visible } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import type { Context } from "./context.ts";
import { stderr, toJson, write } from "./output.ts";

export function complain(context: Pick<Context, "json" | "verbose">, error: unknown): void {
  write(stderr, `${complaint(error, context)}\n`);
}

export function complaint(
  error: unknown,
  { json, verbose }: Pick<Context, "json" | "verbose">,
): string {
  const known = error instanceof HacsError ? error : unexpected(error);
  if (json) {
    const { code, message, next = null } = known;
    return toJson({ error: { code, message, next } });
  }
  const lines = [`hacs-session: ${oneLine(known.message)}`];
  if (known.next) lines.push(oneLine(known.next));
  if (verbose && known !== error && error instanceof Error) lines.push(error.stack ?? "");
  return lines.join("\n");
}

export function exitCodeOf(error: unknown): number {
  return error instanceof HacsError ? error.exitCode : 1;
}

function unexpected(error: unknown): HacsError {
  return new HacsError(
    "internal",
    `Something went wrong that should not: ${messageOf(error)}`,
    "This is a bug in hacs-session; --verbose shows where.",
  );
}

function oneLine(text: string): string {
  return visible(text.trim().replace(/\s*\n\s*/g, " "));
}
