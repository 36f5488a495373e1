/**
 * A verb of hacs-session's that runs on the other machine, by `ssh HOST hacs-session …`: what is about
 * files there, or has to go on while no daemon runs there, can't be asked of a daemon.
 */
import { spawn } from "node:child_process";
import { checkHost, choiceWords, failure, type SshTarget } from "./ssh.ts";

export interface RunOptions {
  target: SshTarget;
  /** How hacs-session is called there. */
  command?: string | undefined;
  /** What it is to do: words that a shell there takes as they are. */
  words: string[];
  /** It has a terminal there, so that it ends when this program does; its stderr then comes by stdout. */
  held?: boolean;
  onLine: (line: string) => void;
  onStderr: (text: string) => void;
}

const stderrCharsMax = 4_096;

/** Resolves with its exit code; throws what ssh itself failed of, or that there is no hacs-session. */
export async function runOverSsh(options: RunOptions): Promise<number> {
  const { target, command = "hacs-session", words, held = false, onLine, onStderr } = options;
  const host = checkHost(target.host);
  const remote = [command, ...choiceWords(target), ...words].join(" ");
  const args = [held ? "-tt" : "-T", "--", host, remote];
  const child = spawn("ssh", args, { stdio: ["ignore", "pipe", "pipe"] });
  // A signal may be for this program alone.
  const end = () => void child.kill();
  process.once("exit", end);
  let said = "";
  let rest = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-stderrCharsMax);
    onStderr(text);
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => process.off("exit", end));
  if (rest !== "") onLine(rest);
  if (code === null || code >= 255 || code === 126 || code === 127)
    throw failure(host, command, code, said);
  return code;
}
