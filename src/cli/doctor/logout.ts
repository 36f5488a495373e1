/** Whether what the daemon started outlives a logout, as far as files tell without asking systemd. */
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import type { Finding } from "./finding.ts";

const check = "logout";

export function checkLogout(env: NodeJS.ProcessEnv): Finding {
  if (!existsSync("/run/systemd/system"))
    return { check, status: "ok", detail: "no systemd here that would end what a login started" };
  if (killsUserProcesses() && !lingers()) {
    return {
      check,
      status: "warn",
      detail: "logind ends a user's processes at logout (KillUserProcesses=yes)",
      mend: "Run: loginctl enable-linger && hacs-session daemon install",
    };
  }
  // A service's own daemon is stopped with all it started, unless the unit says otherwise.
  if (env.INVOCATION_ID && !env.SSH_CONNECTION && !env.TERM) {
    return {
      check,
      status: "warn",
      detail: "this runs inside a systemd unit, which ends what it started when it stops",
      mend: "Let hacs-session daemon install write the unit, or set KillMode=process in it.",
    };
  }
  return {
    check,
    status: "ok",
    detail: `agents outlive a logout${lingers() ? " (linger is on)" : ""}`,
  };
}

/** The default is no; the last setting in the files counts. */
function killsUserProcesses(): boolean {
  try {
    const settings = readFileSync("/etc/systemd/logind.conf", "utf8").matchAll(
      /^\s*KillUserProcesses\s*=\s*(\S+)/gim,
    );
    return /^(yes|true|1|on)$/i.test([...settings].at(-1)?.[1] ?? "no");
  } catch {
    return false;
  }
}

function lingers(): boolean {
  return existsSync(`/var/lib/systemd/linger/${userInfo().username}`);
}
