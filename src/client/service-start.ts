/** A daemon that has a service is started by its manager, so that there is one who looks after it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import type { DaemonChoice } from "../system/paths.ts";
import { type ServicePlace, servicePlace } from "../system/service.ts";

/** False when there is none, or its manager does not start it: then it is started without. */
export async function startService(choice: DaemonChoice): Promise<boolean> {
  const place = [false, true]
    .map((system) => servicePlace(choice, system))
    .find(({ file, system }) => existsSync(file) && (!system || process.getuid?.() === 0));
  if (place === undefined) return false;
  const [file = "", ...args] = startCommand(place);
  return new Promise((resolve) => {
    execFile(file, args, (error) => resolve(error === null));
  });
}

function startCommand({ manager, name, system }: ServicePlace): string[] {
  if (manager === "launchd") {
    const domain = system ? "system" : `gui/${process.getuid?.()}`;
    return ["launchctl", "kickstart", `${domain}/${name}`];
  }
  return ["systemctl", ...(system ? [] : ["--user"]), "start", name];
}
