/** What changes a session's life: each is a line or two on top of the session itself. */
import { HacsError } from "../../protocol/errors.ts";
import type { Session } from "../session/session.ts";
import { actorOf, refuseReadOnly } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";

export const interrupt: MethodHandler<"session/interrupt"> = async (caller, { name }) => ({
  turnId: await writable(caller, name).interrupt(actorOf(caller)),
});

export const sleep: MethodHandler<"session/sleep"> = async (caller, { name, force }) => {
  const session = writable(caller, name);
  await session.sleep(force === true, actorOf(caller));
  return { session: session.info() };
};

export const wake: MethodHandler<"session/wake"> = async (caller, { name, env }) => {
  const session = writable(caller, name);
  if (env !== undefined) session.runContext.updateEnvironment(env);
  await session.wake();
  return { session: session.info() };
};

export const restart: MethodHandler<"session/restart"> = async (caller, { name, env, force }) => {
  const session = writable(caller, name);
  if (env !== undefined) session.runContext.updateEnvironment(env);
  await session.restart(force === true, actorOf(caller));
  return { session: session.info() };
};

export const kill: MethodHandler<"session/kill"> = async (caller, { name }) => {
  const session = writable(caller, name);
  const cancelled = await session.kill(actorOf(caller));
  return { session: session.info(), cancelled };
};

export const remove: MethodHandler<"session/remove"> = (caller, { name }) => {
  const { daemon } = caller;
  const session = daemon.sessions.find(name);
  refuseReadOnly(caller, session);
  if (session.ended) return { records: daemon.sessions.remove(session) };
  throw new HacsError(
    "session-busy",
    `Session "${session.name}" is ${session.state}; only one that has ended is removed.`,
    `End it first: hacs-session kill ${session.name}`,
  );
};

export const rename: MethodHandler<"session/rename"> = (caller, { name, to }) => {
  const session = writable(caller, name);
  caller.daemon.sessions.rename(session, to, actorOf(caller));
  return { session: session.info() };
};

/** codex's methods that are about the daemon's own connection. */
const NOT_FOR_CLIENTS = new Set(["initialize", "thread/unsubscribe"]);

export const call: MethodHandler<"session/call"> = (caller, { name, method, params }) => {
  const session = writable(caller, name);
  if (!NOT_FOR_CLIENTS.has(method)) return session.call(method, params);
  throw new HacsError(
    "not-allowed",
    `${method} would part the session from its thread.`,
    "Use the session's own commands: hacs-session --help",
  );
};

function writable(caller: Caller, name: string): Session {
  const session = caller.daemon.sessions.findLive(name);
  refuseReadOnly(caller, session);
  return session;
}
