import type { Verb } from "../../verb.ts";
import { daemonInstall } from "./install.ts";
import { daemonLogs } from "./logs.ts";
import { daemonMetrics } from "./metrics.ts";
import { daemonRestart } from "./restart.ts";
import { daemonRun } from "./run.ts";
import { daemonStart } from "./start.ts";
import { daemonStatus } from "./status.ts";
import { daemonStop } from "./stop.ts";
import { daemonUninstall } from "./uninstall.ts";

export const daemon: Verb = {
  name: "daemon",
  group: "Daemon and set-up",
  summary: "start, stop, restart and inspect the daemon",
  about: "Every other command starts the daemon when none runs, so this is rarely needed.",
  verbs: [
    daemonStart,
    daemonStop,
    daemonRestart,
    daemonStatus,
    daemonLogs,
    daemonMetrics,
    daemonRun,
    daemonInstall,
    daemonUninstall,
  ],
  examples: [
    ["daemon status", "exit code 6 when none runs"],
    ["daemon logs -f", "what it does and what failed"],
    ["daemon install", "started with the machine, by systemd or launchd"],
    ["daemon restart", "after an update: running turns go on"],
  ],
};
