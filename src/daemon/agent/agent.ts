/**
 * An agent: a codex process, the daemon's link to it, and the session's thread open in it. It is
 * started, or adopted from an earlier daemon; either way the same object comes out.
 */

import { statSync } from "node:fs";
import { dirname } from "node:path";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Json, JsonObject } from "../../protocol/messages.ts";
import type { SessionSpec } from "../../protocol/session.ts";
import { markVariable } from "../../system/agent-family.ts";
import type { CodexBinary } from "../../system/codex-binary.ts";
import { cgroupOf, confine, type Resources } from "../../system/confinement.ts";
import { ensurePrivateDirectory } from "../../system/paths.ts";
import { afterOthers, sleep } from "../../system/sleep.ts";
import { asUser, otherUser, type UnixUser } from "../../system/unix-user.ts";
import { ensureUserDirectory } from "../../system/user-directory.ts";
import type { Redactor } from "../redaction/redactor.ts";
import type { AgentRow } from "../store/session-table.ts";
import { AgentLink, type AgentLinkEvents } from "./agent-link.ts";
import { AgentLog } from "./agent-log.ts";
import { removeSocket, targetOf } from "./agent-process.ts";
import type { AgentRuntime, RunningAgent } from "./agent-runtime.ts";
import {
  isWithoutRollout,
  type OpenThread,
  openThread,
  resumeThread,
  type ThreadOrigin,
} from "./codex-thread.ts";
import { writeDemoCatalog } from "./demo-catalog.ts";
import { startDemoCompanion } from "./demo-companion.ts";
import { type Confinements, isBounded } from "./resources.ts";
import { codexHomeOf, demoProvider, ensureCodexHome, threadOptions } from "./thread-options.ts";
import { restoreSandbox, withSettings } from "./thread-settings.ts";

export interface AgentContext {
  runtime: AgentRuntime;
  id: string;
  name: string;
  spec: SessionSpec;
  /** What somebody changed of the thread's settings. */
  settings: JsonObject | undefined;
  env: Record<string, string>;
  resources: Resources;
  confinements: Confinements;
  socket: string;
  logFile: string;
  redactor: Redactor;
  /** The codex of the config file, used when the spec names none. */
  codex: string | undefined;
  /** Where this program's other bundles lie. */
  programDir: string;
  /** Writes the agent down; called before the process exists and again as soon as it does. */
  save: (row: AgentRow | null) => void;
  events: AgentLinkEvents;
}

/** How long a thread that has begun, or may have just now, is looked for before a new one is made. */
const rolloutWaitMs = 5_000;

export class Agent {
  readonly process: RunningAgent;
  readonly row: AgentRow;
  readonly thread: OpenThread;
  readonly #link: AgentLink;

  private constructor(process: RunningAgent, row: AgentRow, link: AgentLink, thread: OpenThread) {
    this.process = process;
    this.row = row;
    this.#link = link;
    this.thread = thread;
    if (thread.file !== null) row.thread = thread.file;
  }

  static async start(context: AgentContext, origin: ThreadOrigin): Promise<Agent> {
    const { spec, env, runtime } = context;
    const { user, codex, codexHome } = await checkRunnable(context);
    await afterOthers();
    ensurePrivateDirectory(dirname(context.logFile));
    if (user === undefined) ensurePrivateDirectory(dirname(context.socket));
    else ensureUserDirectory(dirname(context.socket), user);
    const companion =
      spec.provider === demoProvider
        ? await startDemoCompanion(context.programDir, context.id)
        : undefined;
    const demo = companion && {
      port: companion.port,
      // Where the agent can read it.
      catalog: asUser(user, () =>
        writeDemoCatalog(dirname(user === undefined ? context.logFile : context.socket)),
      ),
    };
    const limited = await confined(context, codex.path);
    const row: AgentRow = {
      socket: context.socket,
      codexVersion: codex.version,
      codex: { path: codex.path, stamp: codex.stamp },
      ...(user === undefined ? {} : { user }),
      given: context.resources,
      ...(limited.held === undefined ? {} : { held: limited.held }),
      ...(demo === undefined ? {} : { demo }),
    };
    context.save(row);
    await afterOthers();
    const agentEnv = {
      ...env,
      ...(spec.codexHome === undefined ? {} : { CODEX_HOME: spec.codexHome }),
      HACS_SESSION: context.name,
      [markVariable]: context.id,
    };
    const command = {
      program: limited.program,
      socket: context.socket,
      cwd: spec.cwd,
      env: agentEnv,
      logFile: context.logFile,
      user,
    };
    const log = new AgentLog(context.logFile, context.redactor);
    log.begin();
    log.watch();
    await afterOthers();
    let process: RunningAgent | undefined;
    try {
      process = await runtime.start(command, (identity) => {
        row.process = identity;
        if (row.held?.by === "systemd") row.held.cgroup = cgroupOf(identity.pid);
        context.save(row);
        companion?.watch(identity.pid);
        // It takes longer to begin than this does, and of the first agent nothing streams yet.
        context.redactor.prepare();
      });
      row.target = targetOf(row.socket, user);
      const link = await dial(row, context, log);
      const options = asUser(user, () => threadOptions(spec, codexHome, demo));
      const thread = await open(link, origin, context, options);
      return new Agent(process, row, link, thread);
    } catch (error) {
      await process?.stop("SIGKILL");
      log.close();
      removeSocket(context.socket, user);
      context.save(null);
      throw error;
    }
  }

  /**
   * Connects to a living agent and joins its thread. `begun` says that something was said in it, or
   * may be on its way: codex tells of a thread's first turn before it can be resumed.
   */
  static async join(
    process: RunningAgent,
    row: AgentRow,
    threadId: string | null,
    context: AgentContext,
    begun: boolean,
  ): Promise<Agent> {
    context.redactor.prepare();
    const log = new AgentLog(context.logFile, context.redactor);
    const link = await dial(row, context, log);
    try {
      const thread = await joinThread(link, row, threadId, context, begun);
      return new Agent(process, row, link, thread);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  get connected(): boolean {
    return !this.#link.closed;
  }

  call(method: string, params: JsonObject, timeoutMs?: number): Promise<Json> {
    return this.#link.call(method, params, timeoutMs);
  }

  reply(id: number | string, response: Json): true {
    this.#link.reply(id, response);
    return true;
  }

  disconnect(): void {
    this.#link.close();
  }
}

/** The words that start codex, within its limits when it has any. */
async function confined(
  { id, spec, socket, resources, confinements }: AgentContext,
  codex: string,
): Promise<{ program: [string, ...string[]]; held?: AgentRow["held"] }> {
  const program: [string, ...string[]] = [codex, "app-server", "--listen", `unix://${socket}`];
  if (!isBounded(resources)) return { program };
  const confinement = await confinements.of(spec);
  const { by, memory, cpus } = confinement;
  // Nothing of an earlier agent's name is in the way of this one's.
  const name = `hacs-session-${id}-${Date.now().toString(36)}`;
  const { command, args, cgroup } = confine(confinement, resources, name, program);
  const held = { by, memory, cpus, ...(cgroup === undefined ? {} : { cgroup }) };
  return { program: [command, ...args], held };
}

async function dial(
  { socket, user }: AgentRow,
  { runtime, events }: AgentContext,
  log: AgentLog,
): Promise<AgentLink> {
  return AgentLink.greet(await runtime.open(socket, user), logged(log, events));
}

/** The log is looked after as long as the link lives. */
function logged(log: AgentLog, events: AgentLinkEvents): AgentLinkEvents {
  log.watch();
  return {
    ...events,
    onClose: () => {
      log.close();
      events.onClose();
    },
  };
}

async function joinThread(
  link: AgentLink,
  row: AgentRow,
  threadId: string | null,
  context: AgentContext,
  begun: boolean,
): Promise<OpenThread> {
  const deadline = performance.now() + rolloutWaitMs;
  while (threadId !== null) {
    try {
      // A running thread keeps its settings; overrides are for one that is loaded anew.
      return await resumeThread(link, threadId, {});
    } catch (error) {
      if (!isWithoutRollout(error)) throw error;
      if (!begun || performance.now() > deadline) break;
      await sleep(50);
    }
  }
  const { spec, env } = context;
  const options = asUser(row.user, () => threadOptions(spec, codexHomeOf(spec, env), row.demo));
  return open(link, { kind: "new" }, context, options);
}

/** What somebody changed goes before the spec: a sandbox that was narrowed is not widened again. */
async function open(
  link: AgentLink,
  origin: ThreadOrigin,
  { settings }: AgentContext,
  options: JsonObject,
): Promise<OpenThread> {
  if (settings === undefined) return openThread(link, origin, options);
  const thread = await openThread(link, origin, withSettings(options, settings));
  await restoreSandbox(link, thread.threadId, thread.settings, settings);
  return thread;
}

/** A bad directory, profile or override, or a missing codex, is found before anything runs. */
export async function checkRunnable({
  id,
  spec,
  env,
  codex: configured,
  runtime,
}: Pick<AgentContext, "id" | "spec" | "env" | "codex" | "runtime">): Promise<{
  user: UnixUser | undefined;
  codex: CodexBinary;
  codexHome: string;
}> {
  const user = otherUser(spec.user);
  const codexHome = asUser(user, () => {
    checkDirectory(spec.cwd);
    const home = ensureCodexHome(spec, env);
    threadOptions(spec, home, undefined);
    return home;
  });
  // What it runs to learn the version is the session's, and ends with it in a panic.
  const marked = { ...env, [markVariable]: id };
  const codex = await runtime.locate({ given: spec.codex ?? configured, env: marked, user });
  return { user, codex, codexHome };
}

function checkDirectory(cwd: string): void {
  let problem = "does not exist";
  try {
    if (statSync(cwd).isDirectory()) return;
    problem = "is none";
  } catch {
    // It does not exist, or can't be looked at.
  }
  throw new HacsError(
    "directory-missing",
    `A session needs a directory to work in; ${quote(cwd)} ${problem}.`,
    "Make it (mkdir -p), or choose another with --cwd.",
  );
}
