/** Programs that tests use and that come from Debian; `.ci/run` brings them. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

const directories = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];

/**
 * Where a program is. Undefined, and said so, when it is not there: then its tests are left out; in
 * CI that is a failure instead.
 */
export function programOf(name: string, debianPackage = name): string | undefined {
  const found = directories.map((directory) => join(directory, name)).find(isExecutable);
  if (found !== undefined) return found;
  const what = `${name} is not there; its tests need it: apt-get install ${debianPackage}`;
  if (process.env.CI) throw new Error(what);
  console.warn(`Skipped: ${what}`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
