import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What the files under a directory take up, links not followed; what vanishes meanwhile, nothing. */
export function diskBytesOf(directory: string): number {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + sizeOf(join(entry.parentPath, entry.name)), 0);
  } catch {
    return 0;
  }
}

function sizeOf(file: string): number {
  try {
    return lstatSync(file).size;
  } catch {
    return 0;
  }
}
