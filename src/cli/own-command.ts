/** How the user can call this program again: by its name, or by its path when PATH has it not. */
import { realpathSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { programFile } from "../system/program-file.ts";

export function ownCommand(env: NodeJS.ProcessEnv, cwd: string): string {
  const launcher = programFile(join("..", "bin", "hacs-session"));
  const onPath = (env.PATH ?? "").split(delimiter).some((dir) => {
    // npm puts a clone's own commands on the PATH of its scripts alone.
    if (dir === "" || dir.includes("node_modules")) return false;
    return realPath(join(dir, "hacs-session")) === realPath(launcher);
  });
  if (onPath) return "hacs-session";
  const near = relative(cwd, launcher);
  return near.startsWith("..") ? launcher : near;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
