/**
 * A daemon on another machine over ssh, with no port open there: `ssh HOST hacs-session pipe`
 * carries the protocol over stdin and stdout. Config, keys, agent and control socket are the
 * user's own; nothing is set that the user's ssh config would set.
 */
import { spawn } from "node:child_process";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { LineSplitter } from "../protocol/framing.ts";
import { type Child, ChildStream } from "./child-stream.ts";

export interface SshTarget {
  /** As ssh takes it: `user@host`, an alias of its config, or `ssh://user@host:port`. */
  host: string;
  /** The daemon over there: as -S and -L choose it here. */
  socket?: string;
  label?: string;
  /** False: a daemon that does not run there is not started. */
  starts?: boolean;
}

export interface SshOptions {
  target: SshTarget;
  /** How hacs-session is called there, for its shell to read; `hacs-session` when left out. */
  command?: string | undefined;
  /** False: nobody is there to be asked for a password or about a key. */
  asks: boolean;
  /** What ssh and the other side say on stderr, as it comes. */
  onStderr?: (text: string) => void;
  timeoutMs?: number;
}

/** The line that `hacs-session pipe` begins with. Whatever a login shell said before is skipped. */
export const pipeGreeting = '{"jsonrpc":"2.0","method":"pipe/ready","params":{}}';

/** What hacs-session ends with where it finds no daemon. */
const notRunning = 6;
const noiseBytesMax = 256 * 1024;
const stderrCharsMax = 4_096;

/** A host that ssh would take for an option, or a shell for more, is none. */
export function checkHost(host: string): string {
  if (/^(ssh:\/\/)?[A-Za-z0-9_[][A-Za-z0-9._@:%[\]-]{0,254}$/.test(host)) return host;
  throw new HacsError(
    "invalid-url",
    `A host is what ssh takes: user@host, or a name of ~/.ssh/config; got ${quote(host)}.`,
  );
}

/** The stream to the daemon there, once it answers. */
export async function connectOverSsh(options: SshOptions): Promise<ChildStream> {
  const { target, command = "hacs-session", asks } = options;
  const host = checkHost(target.host);
  const remote = [command, "pipe", ...choiceWords(target)].join(" ");
  const args = ["-T", ...(asks ? [] : ["-o", "BatchMode=yes"]), "--", host, remote];
  const child: Child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-stderrCharsMax);
    // That no daemon runs there is an answer, and no mishap that anybody needs to read about.
    if (target.starts !== false) options.onStderr?.(text);
  });
  const stream = new ChildStream(child);
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      waitForGreeting(stream, resolve, reject);
      child.on("error", (error) => reject(noSsh(error)));
      child.on("close", (code) => {
        if (target.starts === false && code !== notRunning) options.onStderr?.(said);
        reject(failure(host, command, code, said));
      });
      if (options.timeoutMs !== undefined) {
        const late = () => reject(failed(host, "nothing was answered in time"));
        timer = setTimeout(late, options.timeoutMs);
      }
    });
    return stream;
  } catch (error) {
    stream.on("error", () => {});
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export function choiceWords({ socket, label, starts = true }: SshTarget): string[] {
  return [
    ...(socket === undefined ? [] : ["-S", shellQuoted(socket)]),
    ...(label === undefined ? [] : ["-L", shellQuoted(label)]),
    ...(starts ? [] : ["--no-start"]),
  ];
}

function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What follows the greeting stays in the stream. */
function waitForGreeting(
  stream: ChildStream,
  resolve: () => void,
  reject: (error: HacsError) => void,
): void {
  const splitter = new LineSplitter(noiseBytesMax);
  let bytes = 0;
  const look = (chunk: Buffer) => {
    try {
      bytes += chunk.length;
      if (bytes > noiseBytesMax) throw new Error("too much");
      const end = endOfGreeting(splitter, chunk);
      if (end === undefined) return;
      stream.pause();
      stream.off("data", look);
      if (end < chunk.length) stream.unshift(chunk.subarray(end));
      resolve();
    } catch {
      reject(
        new HacsError(
          "ssh-failed",
          "The other side says something, and it is not hacs-session.",
          "Its login scripts should print nothing where there is no terminal.",
        ),
      );
    }
  };
  stream.on("data", look);
  // How it ended is told by the program's exit.
  stream.on("error", () => {});
}

/** Where in the chunk the greeting's line ends, if it does. Nothing follows it unasked. */
function endOfGreeting(splitter: LineSplitter, chunk: Buffer): number | undefined {
  for (let start = 0; start < chunk.length; ) {
    const at = chunk.indexOf(0x0a, start);
    const end = at === -1 ? chunk.length : at + 1;
    const [line] = splitter.push(chunk.subarray(start, end));
    if (line?.trim() === pipeGreeting) return end;
    start = end;
  }
  return undefined;
}

function noSsh(error: NodeJS.ErrnoException): HacsError {
  return new HacsError(
    "ssh-failed",
    `ssh can't be started (${error.code ?? error.message}).`,
    "Install an OpenSSH client.",
  );
}

/** ssh itself ends with 255, a shell that finds no such command with 127. */
export function failure(
  host: string,
  command: string,
  code: number | null,
  said: string,
): HacsError {
  const last = lastLine(said);
  if (code === 255 || code === null) return sshFailure(host, last, said);
  if (code === notRunning && /No daemon answers/.test(said))
    return new HacsError("daemon-unreachable", `No daemon runs on ${quote(host)}.`);
  if (code === 127 || code === 126) {
    return new HacsError(
      "remote-missing",
      `${quote(host)} has no ${quote(command)} that a login without a terminal finds${because(last)}.`,
      "Install it there, or say how it is called: HACS_SESSION_REMOTE=/path/to/hacs-session",
    );
  }
  if (/no verb "pipe"|unknown command|Usage:/.test(said)) {
    return new HacsError(
      "remote-missing",
      `The hacs-session on ${quote(host)} is too old to be reached over ssh.`,
      "Update it there.",
    );
  }
  return failed(host, last || `hacs-session there ended with ${code}`);
}

function sshFailure(host: string, last: string, said: string): HacsError {
  const key = /host key verification failed|host identification has changed/i.test(said);
  if (key) {
    return new HacsError(
      "ssh-refused",
      `ssh does not trust the key of ${quote(host)}${because(last)}.`,
      `Look at it and accept it once by hand: ssh ${host}`,
    );
  }
  if (/permission denied|too many authentication failures/i.test(said)) {
    return new HacsError(
      "ssh-refused",
      `${quote(host)} refused the login${because(last)}.`,
      `Try it by hand: ssh ${host}`,
    );
  }
  return failed(host, last || "ssh ended");
}

function failed(host: string, why: string): HacsError {
  return new HacsError(
    "ssh-failed",
    `${quote(host)} can't be reached over ssh: ${why.replace(/\.$/, "")}.`,
    `Try it by hand: ssh ${host} hacs-session ls`,
  );
}

function because(last: string): string {
  return last === "" ? "" : ` (${last.replace(/\.$/, "")})`;
}

function lastLine(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.findLast((line) => line !== "")?.slice(0, 300) ?? "";
}
