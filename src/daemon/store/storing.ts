import { HacsError } from "../../protocol/errors.ts";
import type { Services } from "../services.ts";

/**
 * What must be stored before anything else can go on, and that nobody asked for who could be told
 * that it failed: then the daemon ends, and the next one goes on from what the file has.
 */
export function storing<T>({ store, onStoreError }: Services, work: () => T): T {
  try {
    return store.transaction(work);
  } catch (error) {
    onStoreError(error);
    throw error;
  }
}

/** That something could not be kept, in the words that `transaction` has for it. */
export function isStoreError(error: unknown): boolean {
  return error instanceof HacsError && /^state-(unwritable|damaged)$/.test(error.code);
}
