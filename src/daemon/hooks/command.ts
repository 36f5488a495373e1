/**
 * Runs a hook's command: the event on its stdin, a process group of its own, and a time after which
 * that group is ended. Its exit code is the answer; it is not run again for one that is not 0.
 */
import { homedir } from "node:os";
import { parseDuration } from "../../protocol/duration.ts";
import type { HookEvent } from "../../protocol/hooks.ts";
import type { RunHook } from "../../system/hook-config.ts";
import type { ProcessIdentity } from "../../system/process-identity.ts";
import { basicEnvironment } from "../session/environment.ts";
import type { Ended } from "../starter/start.ts";
import { starter } from "../starter/starter.ts";
import type { Attempt } from "./attempt.ts";

const timeoutMsDefault = 30_000;
const killGraceMs = 3_000;
/** What a program needs to show something on this desktop. */
const desktop = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"];

export interface Running {
  ended: Promise<Attempt>;
  /** Undefined when it did not start. */
  identity: Promise<ProcessIdentity | undefined>;
  /** Ends it, as the time limit would. */
  end(why: string): void;
}

export function run(hook: RunHook, event: HookEvent, socket: string): Running {
  const started = starter.start({
    program: typeof hook.run === "string" ? ["/bin/sh", "-c", hook.run] : programOf(hook.run),
    cwd: homedir(),
    env: environmentFor(event, socket),
    stdio: { input: `${JSON.stringify(event)}\n` },
  });
  const limitMs = hook.timeout === undefined ? timeoutMsDefault : parseDuration(hook.timeout);
  const identity = started.then(
    (one) => one.identity,
    () => undefined,
  );
  let stopped: string | undefined;
  let killer: NodeJS.Timeout | undefined;
  const end = (why: string) => {
    if (stopped !== undefined) return;
    stopped = why;
    void identity.then((one) => signal(one, "SIGTERM"));
    killer = setTimeout(() => void identity.then((one) => signal(one, "SIGKILL")), killGraceMs);
  };
  const timer = setTimeout(() => end(`not done within ${limitMs / 1000} s`), limitMs);
  const settled = async (): Promise<Attempt> => {
    try {
      const ended = await (await started).ended;
      // The group may outlive its leader, who was told to end.
      if (stopped !== undefined) signal(await identity, "SIGKILL");
      return outcomeOf(ended, stopped);
    } finally {
      clearTimeout(timer);
      clearTimeout(killer);
    }
  };
  return { ended: settled(), identity, end };
}

function programOf([file = "", ...args]: string[]): [string, ...string[]] {
  return [file, ...args];
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

function outcomeOf({ code, signal, said, error }: Ended, stopped: string | undefined): Attempt {
  if (error !== undefined) return { outcome: "failed", detail: error };
  if (stopped === undefined && code === 0) return { outcome: "done", detail: "exit code 0" };
  const how = stopped ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
  const last = said.trim().split("\n").at(-1) ?? "";
  return { outcome: "failed", detail: last === "" ? how : `${how}: ${last}` };
}

function signal(identity: ProcessIdentity | undefined, name: NodeJS.Signals): void {
  try {
    // Nobody else has this number as long as a process of the group is there.
    if (identity !== undefined) process.kill(-identity.pid, name);
  } catch {
    // All of it is gone.
  }
}
