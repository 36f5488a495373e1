/** What changes a session's life: each is a line or two on top of the session itself. */
import { includes, isForAll } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Session } from "../session/session.ts";
import { actorOf, refuseReadOnly } from "./caller.ts";
import type { Caller, MethodHandler } from "./index.ts";
import { thaw } from "./panic.ts";

export const interrupt: MethodHandler<"session/interrupt"> = async (caller, { name }) => ({
  turnId: await writable(caller, name).life.interrupt(actorOf(caller)),
});

export const sleep: MethodHandler<"session/sleep"> = async (caller, { name, force }) => {
  const session = writable(caller, name);
  await session.life.sleep(force === true, actorOf(caller));
  return { session: session.info() };
};

export const wake: MethodHandler<"session/wake"> = async (caller, { name, env }) => {
  const session = writable(caller, name);
  if (env !== undefined) session.runContext.updateEnvironment(env);
  await thaw(caller, session);
  await session.rouse();
  return { session: session.info() };
};

export const restart: MethodHandler<"session/restart"> = async (caller, { name, env, force }) => {
  const session = writable(caller, name);
  if (env !== undefined) session.runContext.updateEnvironment(env);
  await thaw(caller, session);
  await session.life.restart(force === true, actorOf(caller));
  return { session: session.info() };
};

export const kill: MethodHandler<"session/kill"> = async (caller, { name }) => {
  const session = writable(caller, name);
  const cancelled = await session.life.kill(actorOf(caller));
  return { session: session.info(), cancelled };
};

export const remove: MethodHandler<"session/remove"> = async (caller, { name }) => {
  const { daemon } = caller;
  const session = daemon.sessions.find(name);
  refuseReadOnly(caller, session);
  if (session.ended) return daemon.remove(session);
  throw new HacsError(
    "session-busy",
    `Session "${session.name}" is ${session.state}; only one that has ended is removed.`,
    `End it first: hacs-session kill ${session.name}`,
  );
};

export const rename: MethodHandler<"session/rename"> = (caller, { name, to }) => {
  const session = writable(caller, name);
  caller.daemon.sessions.rename(session, to, actorOf(caller));
  caller.daemon.partFromUnseen(session);
  return { session: session.info() };
};

/** codex's methods that are about the daemon's own connection. */
const NOT_FOR_CLIENTS = new Set(["initialize", "thread/unsubscribe"]);

export const call: MethodHandler<"session/call"> = async (caller, { name, method, params }) => {
  const session = writable(caller, name);
  const { access } = caller.client.identity;
  if (!isForAll(access) || !includes(access.scope, "admin")) refuseOtherThread(session, params);
  if (!includes(access.scope, "prompt")) refuseAsleep(session);
  const { redactor } = caller.daemon.services;
  if (!NOT_FOR_CLIENTS.has(method)) return redactor.json(await session.call(method, params));
  throw new HacsError(
    "not-allowed",
    `${method} would part the session from its thread.`,
    "Use the session's own commands: hacs-session --help",
  );
};

/** Threads of other sessions can be named, too, and those that are in none. */
function refuseOtherThread(session: Session, { threadId }: JsonObject): void {
  if (threadId === undefined || threadId === session.row.threadId) return;
  throw new HacsError(
    "not-allowed",
    `To name another thread than that of "${session.name}" needs the scope admin, for all sessions.`,
    "Leave threadId out.",
  );
}

/** codex is asked, so it would have to be started, and that is not for who only looks. */
function refuseAsleep(session: Session): void {
  if (session.info().agentPid !== null) return;
  throw new HacsError(
    "not-allowed",
    `Session "${session.name}" is ${session.state}, and to wake it needs the scope prompt.`,
    "Its history can be read meanwhile.",
  );
}

function writable(caller: Caller, name: string): Session {
  const session = caller.daemon.sessions.findLive(name);
  refuseReadOnly(caller, session);
  return session;
}
