import { readFileSync } from "node:fs";

/** What macOS allows a process; where the limit can't be read it is not less. */
const usualLimit = 10_240;

/** How many files and sockets this process may have open. Node has raised it as far as it goes. */
export function openFilesMax(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft ?? usualLimit);
  } catch {
    return usualLimit;
  }
}
