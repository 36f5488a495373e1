import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "../../src/daemon/store/store.ts";

/** A real store in a directory of its own, for one test. */
export function temporaryStore(): { dir: string; store: Store; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), "hs-"));
  const store = new Store(join(dir, "history.db"));
  const remove = () => {
    store.close();
    rmSync(dir, { recursive: true });
  };
  return { dir, store, remove };
}
