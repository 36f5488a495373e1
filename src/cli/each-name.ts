import { HacsError } from "../protocol/errors.ts";
import { complain } from "./complain.ts";
import type { Context } from "./context.ts";

/**
 * Does the same to each of several sessions. One that fails does not keep the others from their
 * turn; the last failure becomes the command's own.
 */
export async function eachName<T>(
  context: Context,
  names: string[],
  work: (name: string) => Promise<T>,
): Promise<T[]> {
  const done: T[] = [];
  let failure: HacsError | undefined;
  for (const name of names) {
    try {
      done.push(await work(name));
    } catch (error) {
      if (!(error instanceof HacsError)) throw error;
      if (failure) complain(context, failure);
      failure = error;
    }
  }
  if (failure && context.json && done.length > 0) context.printJson(done);
  if (failure) throw failure;
  return done;
}
