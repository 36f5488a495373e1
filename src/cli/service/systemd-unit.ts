/** A systemd unit (systemd.service(5)) that leaves agents alone when the daemon ends. */
import { type Definition, mark } from "./definition.ts";

export function systemdUnit({ command, env, system }: Definition): string {
  return `# ${mark}
# Changes of your own go beside it: systemctl ${system ? "" : "--user "}edit
[Unit]
Description=hacs-session, sessions of Codex agents
${system ? runtimeDirectory(env) : ""}
[Service]
Type=exec
ExecStart=${command.map(argument).join(" ")}
${Object.entries(env)
  .map(([name, value]) => `Environment=${quoted(escaped(`${name}=${value}`))}\n`)
  .join("")}# Agents are to outlive the daemon, and one that runs out of memory is not to end it.
KillMode=process
OOMPolicy=continue
Restart=on-failure
RestartSec=5
# Idle agents are put to sleep first.
TimeoutStopSec=30

[Install]
WantedBy=${system ? "multi-user.target" : "default.target"}
`;
}

/** Root's shells look for the socket below it, and it comes and goes with root's logins else. */
function runtimeDirectory({ XDG_RUNTIME_DIR }: Record<string, string>): string {
  if (XDG_RUNTIME_DIR !== "/run/user/0") return "";
  return "Requires=user-runtime-dir@0.service\nAfter=user-runtime-dir@0.service\n";
}

/** A dollar sign would begin a variable. */
function argument(word: string): string {
  return quoted(escaped(word).replaceAll("$", "$$$$"));
}

/** A percent sign would begin a specifier; a line break would end the line. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("%", "%%");
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./:=@,+%-]+$/.test(text) ? text : `"${text}"`;
}
