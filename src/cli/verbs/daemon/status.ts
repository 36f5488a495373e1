import { visible } from "../../../protocol/address.ts";
import { formatDuration } from "../../../protocol/duration.ts";
import { HacsError } from "../../../protocol/errors.ts";
import { formatSize } from "../../../protocol/size.ts";
import { pathsFor } from "../../../system/paths.ts";
import { archiveRows } from "../../text/archive.ts";
import type { Verb } from "../../verb.ts";

export const daemonStatus: Verb = {
  name: "status",
  group: "Daemon and set-up",
  summary: "say whether the daemon runs, and how",
  examples: [
    [
      "daemon status --json",
      "pid, version, codexVersion, socket, listen, sessions, clients, uptimeMs, diskBytes, archive",
    ],
  ],
  async run(context) {
    const connection = await context.dialRunning().catch((error: unknown) => {
      if (!(error instanceof HacsError) || error.code !== "daemon-unreachable") throw error;
      throw new HacsError(
        "daemon-unreachable",
        `No daemon runs on ${context.choice.host ?? pathsFor(context.choice).socket}.`,
        "Any other command starts one, or: hacs-session daemon start",
      );
    });
    const status = await connection.call("daemon/status", {});
    connection.close();
    if (context.json) {
      context.printJson(status);
      return undefined;
    }
    const rows: [string, string][] = [
      ["pid", String(status.pid)],
      ["version", status.version],
      ["codex", status.codexVersion ?? "not used yet"],
      ["socket", status.socket],
      ["listens", status.listen.join(", ") || "on the socket alone"],
      ["sessions", String(status.sessions)],
      ["clients", String(status.clients)],
      ["disk", formatSize(status.diskBytes)],
      ["up", formatDuration(status.uptimeMs)],
      ...(status.archive ? archiveRows(status.archive) : []),
    ];
    for (const [label, text] of rows)
      context.print(`${context.paint("bold", label.padEnd(9))} ${visible(text)}`);
    return undefined;
  },
};
