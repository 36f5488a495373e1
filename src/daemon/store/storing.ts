import { HacsError } from "../../protocol/errors.ts";
import type { Services } from "../services.ts";
import type { Store } from "./store.ts";

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

/**
 * What may be left unwritten when it can't be: nobody asked for it who could be told, or what it
 * is about was done already. Gives whether it was written.
 */
export function storingIfPossible(
  store: Store,
  work: () => void,
  onFailed: (error: unknown) => void,
): boolean {
  try {
    store.transaction(work);
    return true;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    onFailed(error);
    return false;
  }
}

/** That something could not be kept, in the words that `transaction` has for it. */
export function isStoreError(error: unknown): boolean {
  return error instanceof HacsError && /^state-(unwritable|damaged)$/.test(error.code);
}
