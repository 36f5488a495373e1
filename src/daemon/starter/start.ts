/**
 * Starts a program in a login session and process group of its own, so that nothing that happens to
 * who started it reaches it. The daemon does this itself, or has its helper do it (`starter.ts`).
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { messageOf } from "../../protocol/errors.ts";
import { identify, type ProcessIdentity } from "../../system/process-identity.ts";
import { spawnAs } from "../../system/spawn-as.ts";
import type { UnixUser } from "../../system/unix-user.ts";

export interface Order {
  program: [string, ...string[]];
  cwd: string;
  env: Record<string, string>;
  /** Whom it runs as, when that is not the daemon's own user. */
  user?: UnixUser | undefined;
  /**
   * A program that stays has a file, to which all that it says is added. One that is waited for is
   * given `input` on its stdin, and the end of what it says on stderr is kept.
   */
  stdio: { log: string } | { input: string };
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The end of what it said on stderr. */
  said: string;
  /** Why it did not start. */
  error?: string;
}

export interface Started {
  /** Undefined when it did not start. */
  identity: ProcessIdentity | undefined;
  /** Rejects when that can't be known any more; of a program that stays it then never settles. */
  ended: Promise<Ended>;
}

const saidCharsMax = 4_000;
/** How long its last words take that nobody holds up. */
const lastWordsMs = 200;

export function start(order: Order): Started {
  try {
    const child = spawned(order);
    const said = lastOf(child);
    const ended = new Promise<Ended>((resolve) => {
      child.once("error", (error) => resolve(unstarted(error)));
      child.once("exit", (code, signal) => {
        const done = () => {
          clearTimeout(timer);
          resolve({ code, signal, said: said() });
          child.stderr?.destroy();
        };
        // What it said last may come behind this. Who else has the pipe, as what it left in the
        // background, is not waited for.
        const timer = setTimeout(done, lastWordsMs);
        child.once("close", done);
      });
    });
    if ("input" in order.stdio) feed(child, order.stdio.input);
    else child.unref();
    return { identity: child.pid === undefined ? undefined : identify(child.pid), ended };
  } catch (error) {
    return { identity: undefined, ended: Promise.resolve(unstarted(error)) };
  }
}

function spawned({ program: [file, ...args], cwd, env, user, stdio }: Order): ChildProcess {
  const options = { cwd, env, detached: true };
  if ("input" in stdio)
    return spawnAs(user, file, args, { ...options, stdio: ["pipe", "ignore", "pipe"] });
  const log = openSync(stdio.log, "a", 0o600);
  try {
    return spawnAs(user, file, args, { ...options, stdio: ["ignore", log, log] });
  } finally {
    closeSync(log);
  }
}

function unstarted(error: unknown): Ended {
  return { code: null, signal: null, said: "", error: messageOf(error) };
}

/** A program that does not read is not waited for. */
function feed({ stdin }: ChildProcess, input: string): void {
  stdin?.on("error", () => {});
  stdin?.end(input);
}

function lastOf({ stderr }: ChildProcess): () => string {
  let text = "";
  stderr?.setEncoding("utf8");
  stderr?.on("error", () => {});
  stderr?.on("data", (said: string) => {
    text = (text + said).slice(-saidCharsMax);
  });
  return () => text;
}
