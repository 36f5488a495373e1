/**
 * Gets a session's thread open in its agent: a new one, its own of last time, one that plain
 * codex began, or a fork.
 */
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { stringOf } from "../../protocol/shape.ts";
import { holdersOf } from "../../system/process-identity.ts";
import { type AgentLink, CodexError } from "./agent-link.ts";
import { openedSettings } from "./thread-settings.ts";

/**
 * Which thread a session is to have: decided once, when it is created. `orNew` is for one's own
 * that nothing was said in yet: codex does not keep it, and a new one is as good.
 */
export type ThreadOrigin =
  | { kind: "new" }
  | { kind: "resume"; threadId: string; orNew?: boolean }
  /** The newest of the directory; `refuse` throws when it is not to be had. */
  | { kind: "last"; refuse?: (threadId: string) => void }
  | { kind: "fork"; threadId: string };

export interface OpenThread {
  threadId: string;
  /** The file that it is kept in. */
  file: string | null;
  model: string | null;
  provider: string | null;
  /** As codex has them, in the words of its `ThreadSettings`. */
  settings: JsonObject;
  /** Whether codex says that a turn runs in it. */
  active: boolean;
  /** Whether codex says that it waits for an answer. */
  waiting: boolean;
}

export async function openThread(
  link: AgentLink,
  origin: ThreadOrigin,
  options: JsonObject,
): Promise<OpenThread> {
  switch (origin.kind) {
    case "new":
      return opened(await link.call("thread/start", options));
    case "fork":
      return opened(
        await held(link, origin.threadId, () =>
          link.call("thread/fork", { ...options, threadId: origin.threadId, excludeTurns: true }),
        ),
      );
    case "last": {
      const threadId = await lastThread(link, String(options.cwd));
      origin.refuse?.(threadId);
      return resumeThread(link, threadId, options);
    }
    case "resume":
      try {
        return await resumeThread(link, origin.threadId, options);
      } catch (error) {
        if (!isWithoutRollout(error)) throw error;
        if (origin.orNew !== true) throw noThread(origin.threadId);
        return opened(await link.call("thread/start", options));
      }
  }
}

export async function resumeThread(
  link: AgentLink,
  threadId: string,
  options: JsonObject,
): Promise<OpenThread> {
  return opened(
    await held(link, threadId, () =>
      link.call("thread/resume", { ...options, threadId, excludeTurns: true }),
    ),
  );
}

/** A thread that has had no turn is nowhere but in the process that began it. */
export function isWithoutRollout(error: unknown): boolean {
  return error instanceof CodexError && /no rollout found/i.test(error.message);
}

/** The agent was told to end, and takes nothing new while it finishes its turn. */
export function isDraining(error: unknown): boolean {
  return (
    error instanceof CodexError &&
    isObject(error.data) &&
    error.data.reason === "serverShuttingDown"
  );
}

async function lastThread(link: AgentLink, cwd: string): Promise<string> {
  const answer = await link.call("thread/list", { cwd, limit: 1, modelProviders: [] });
  const [newest] = isObject(answer) && Array.isArray(answer.data) ? answer.data : [];
  if (isObject(newest) && typeof newest.id === "string") return newest.id;
  throw new HacsError(
    "no-thread",
    `codex has no thread that began in ${quote(cwd)}.`,
    "Name one with --resume THREAD; `codex resume --all` lists them.",
  );
}

async function held(link: AgentLink, threadId: string, call: () => Promise<Json>): Promise<Json> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof CodexError)) throw error;
    if (/active writer/i.test(error.message)) throw await threadHeld(link, threadId);
    if (
      /not found|no rollout|invalid (thread|session) id/i.test(error.message) &&
      !isWithoutRollout(error)
    ) {
      throw noThread(threadId);
    }
    throw error;
  }
}

export function noThread(threadId: string): HacsError {
  return new HacsError(
    "no-thread",
    `codex has no thread ${quote(threadId)} in this CODEX_HOME.`,
    "`codex resume --all` lists the threads there are.",
  );
}

async function threadHeld(link: AgentLink, threadId: string): Promise<HacsError> {
  const [holder] = await holders(link, threadId);
  const who =
    holder === undefined ? "another process" : `process ${holder.pid} (${holder.command})`;
  return new HacsError(
    "thread-held",
    `Thread ${quote(threadId)} is open in ${who}; codex lets one process write a thread.`,
    "Close it there first, or take a copy: hacs-session fork, or codex fork.",
    holder === undefined ? {} : { pid: holder.pid },
  );
}

async function holders(
  link: AgentLink,
  threadId: string,
): Promise<{ pid: number; command: string }[]> {
  try {
    const answer = await link.call("thread/read", { threadId });
    const path = isObject(answer) && isObject(answer.thread) ? answer.thread.path : undefined;
    if (typeof path !== "string") return [];
    return [path, `${path}.lock`].flatMap((file) => holdersOf(file));
  } catch {
    return [];
  }
}

function opened(answer: Json): OpenThread {
  const response = isObject(answer) ? answer : {};
  const thread = isObject(response.thread) ? response.thread : {};
  return {
    threadId: idOf(thread),
    file: stringOf(thread.path),
    model: typeof response.model === "string" ? response.model : null,
    provider: typeof response.modelProvider === "string" ? response.modelProvider : null,
    settings: openedSettings(response),
    active: isActive(thread),
    waiting:
      isObject(thread.status) &&
      Array.isArray(thread.status.activeFlags) &&
      thread.status.activeFlags.length > 0,
  };
}

function idOf({ id }: JsonObject): string {
  if (typeof id === "string") return id;
  throw new HacsError(
    "codex-failed",
    "codex opened a thread and did not say which.",
    "Check its version with: hacs-session doctor",
  );
}

export function isActive(thread: JsonObject): boolean {
  return isObject(thread.status) && thread.status.type === "active";
}
