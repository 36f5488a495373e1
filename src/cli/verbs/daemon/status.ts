import { visible } from "../../../protocol/address.ts";
import { formatDuration } from "../../../protocol/duration.ts";
import { HacsError } from "../../../protocol/errors.ts";
import type { DaemonStatus } from "../../../protocol/session.ts";
import { formatSize } from "../../../protocol/size.ts";
import { pathsFor } from "../../../system/paths.ts";
import { archiveRows } from "../../text/archive.ts";
import { clientsText, figureRows, sessionsText } from "../../text/figures.ts";
import { proseColumns, rowLines } from "../../text/wrap.ts";
import type { Verb } from "../../verb.ts";

const labelColumns = 8;
function agentsText({ running, max, waiting }: DaemonStatus["agents"]): string {
  const line = waiting === 0 ? "" : `, ${waiting} in line`;
  return `${running} run, at most ${max} at once${line}`;
}

export const daemonStatus: Verb = {
  name: "status",
  group: "Daemon and set-up",
  summary: "say whether the daemon runs, and how",
  examples: [
    [
      "daemon status --json",
      "pid, version, codexVersion, agentVersions, socket, listen, sessions, clients, uptimeMs, diskBytes, agents, figures, archive",
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
    const { figures = null } = status;
    const rows: [string, string][] = [
      ["pid", String(status.pid)],
      ["version", status.version],
      ["codex", codexText(status)],
      ["socket", status.socket],
      ["listens", status.listen.join(", ") || "on the socket alone"],
      ["sessions", sessionsText(figures?.states, status.sessions)],
      ["clients", clientsText(status.clients, figures?.clientKinds)],
      ...(figures === null ? [["agents", agentsText(status.agents)] as [string, string]] : []),
      ...(figures === null ? [] : figureRows(figures)),
      ["disk", formatSize(status.diskBytes)],
      ["up", formatDuration(status.uptimeMs)],
      ...(status.archive ? archiveRows(status.archive) : []),
    ];
    const lines = rows.map(([term, text]) => ({
      term: term.padEnd(labelColumns),
      painted: context.paint("bold", term.padEnd(labelColumns)),
      text: visible(text),
    }));
    const columns = proseColumns(context.terminal.columns);
    context.print(rowLines(lines, columns, { indent: "" }).join("\n"));
    return undefined;
  },
};

/** Agents of another version go over to this one when nothing of theirs runs. */
function codexText({ codexVersion, agentVersions = {} }: DaemonStatus): string {
  const others = Object.entries(agentVersions)
    .filter(([version]) => version !== codexVersion)
    .map(([version, count]) => `${count} ${count === 1 ? "agent" : "agents"} on ${version}`);
  return [codexVersion ?? "not found", ...others].join(", ");
}
