/** How far what an agent may take of the machine can be held, as the daemon found out. */
import type { ResourceSupport } from "../../protocol/session.ts";
import type { Finding } from "./finding.ts";

const check = "limits";
const names = {
  systemd: "a scope of systemd's",
  cgroup: "a cgroup of each agent's own",
  rlimit: "limits of each process (RLIMIT_DATA)",
};

export function checkResources({ by, memory, cpus }: ResourceSupport): Finding {
  const held = {
    together: "memory is limited for all that an agent starts together",
    each: "memory is limited for each process by itself, not for an agent as a whole",
    no: "memory can't be limited",
  }[memory];
  const cpu = cpus ? "CPU is limited as well" : "CPU can't be limited";
  const detail = `by ${names[by]}: ${held}; ${cpu}`;
  if (memory === "together" && cpus) return { check, status: "ok", detail };
  return {
    check,
    status: "warn",
    detail,
    mend: "Only --memory and --cpus need more: a systemd user session (systemd-run --user --scope), or a daemon that was given a cgroup (v2) with the memory and cpu controllers (Delegate=yes).",
  };
}
