/**
 * Runs a hook's command: the event on its stdin, a process group of its own, and a time after which
 * that group is ended. Its exit code is the answer; it is not run again for one that is not 0.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { homedir } from "node:os";
import { parseDuration } from "../../protocol/duration.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { HookEvent } from "../../protocol/hooks.ts";
import type { RunHook } from "../../system/hook-config.ts";
import { identify, type ProcessIdentity } from "../../system/process-identity.ts";
import { basicEnvironment } from "../session/environment.ts";
import type { Attempt } from "./attempt.ts";

const timeoutMsDefault = 30_000;
const killGraceMs = 3_000;
/** Of what it says on stderr, the end is kept for the log. */
const stderrCharsMax = 4_000;
/** What a program needs to show something on this desktop. */
const desktop = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"];

export interface Running {
  ended: Promise<Attempt>;
  /** Undefined when it did not start. */
  identity: ProcessIdentity | undefined;
  /** Ends it, as the time limit would. */
  end(why: string): void;
}

export function run(hook: RunHook, event: HookEvent, socket: string): Running {
  const [program = "", ...args] =
    typeof hook.run === "string" ? ["/bin/sh", "-c", hook.run] : hook.run;
  const child = spawn(program, args, {
    cwd: homedir(),
    env: environmentFor(event, socket),
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const limitMs = hook.timeout === undefined ? timeoutMsDefault : parseDuration(hook.timeout);
  let stopped: string | undefined;
  const end = (why: string) => {
    if (stopped !== undefined) return;
    stopped = why;
    signal(child, "SIGTERM");
    killer = setTimeout(() => signal(child, "SIGKILL"), killGraceMs);
  };
  const timer = setTimeout(() => end(`not done within ${limitMs / 1000} s`), limitMs);
  let killer: NodeJS.Timeout | undefined;
  const stderr = lastOf(child);
  const ended = new Promise<Attempt>((resolve) => {
    const settle = (attempt: Attempt) => {
      clearTimeout(timer);
      // The group may outlive its leader, who was told to end.
      if (stopped !== undefined) signal(child, "SIGKILL");
      clearTimeout(killer);
      child.stderr?.destroy();
      resolve(attempt);
    };
    child.once("error", (error) => settle({ outcome: "failed", detail: messageOf(error) }));
    child.once("exit", (code, name) => settle(outcomeOf(code, name, stopped, stderr())));
  });
  feed(child, event);
  return { ended, identity: child.pid === undefined ? undefined : identify(child.pid), end };
}

function environmentFor(event: HookEvent, socket: string): Record<string, string> {
  const shown = desktop.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return {
    ...basicEnvironment(),
    ...Object.fromEntries(shown),
    HACS_SESSION: event.data.session.name,
    HACS_SESSION_EVENT: event.type,
    HACS_SESSION_SOCKET: socket,
  };
}

/** A command that does not read is not waited for. */
function feed({ stdin }: ChildProcess, event: HookEvent): void {
  stdin?.on("error", () => {});
  stdin?.end(`${JSON.stringify(event)}\n`);
}

function lastOf({ stderr }: ChildProcess): () => string {
  let text = "";
  stderr?.setEncoding("utf8");
  stderr?.on("error", () => {});
  stderr?.on("data", (said: string) => {
    text = (text + said).slice(-stderrCharsMax);
  });
  return () => text.trim().split("\n").at(-1) ?? "";
}

function outcomeOf(
  code: number | null,
  name: NodeJS.Signals | null,
  stopped: string | undefined,
  said: string,
): Attempt {
  if (stopped === undefined && code === 0) return { outcome: "done", detail: "exit code 0" };
  const how = stopped ?? (name === null ? `exit code ${code}` : `signal ${name}`);
  return { outcome: "failed", detail: said === "" ? how : `${how}: ${said}` };
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    // Nobody else has this number as long as a process of the group is there.
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // All of it is gone.
  }
}
