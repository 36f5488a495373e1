/**
 * Agents go over to a codex that was updated: each is started anew on it as soon as nothing of its
 * session runs or waits. Whether the file is another one is looked at after something changed in a
 * session, never by the clock, and costs one look at the disk an agent.
 */
import { statSync } from "node:fs";
import type { Logger } from "pino";
import { messageOf } from "../protocol/errors.ts";
import { isObject } from "../protocol/messages.ts";
import { type CodexBinary, stampOf } from "../system/codex-binary.ts";
import { asUser, otherUser } from "../system/unix-user.ts";
import type { AgentRuntime } from "./agent/agent-runtime.ts";
import type { Services } from "./services.ts";
import type { Session } from "./session/session.ts";
import type { AgentRow } from "./store/session-table.ts";

/** Changes come in bursts, and what began a moment ago is to settle first. */
const settleMs = 1_000;
const by = { kind: "daemon", user: "the daemon", from: "codex was updated" };

export class CodexUpdate {
  readonly #sessions: () => Session[];
  readonly #locate: AgentRuntime["locate"];
  readonly #log: Logger;
  /** Agents that were compared with the codex that would be started now, and run it. */
  readonly #current = new WeakSet<AgentRow>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #complaint = "";

  constructor(sessions: () => Session[], { runtime, log }: Pick<Services, "runtime" | "log">) {
    this.#sessions = sessions;
    this.#locate = runtime.locate;
    this.#log = log;
  }

  /** Something changed in a session. */
  soon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#work = this.#work.then(() => this.#lookAtAll());
    }, settleMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    // Never undefined again, so that nothing begins any more.
    this.#timer = setTimeout(() => {}, 0).unref();
  }

  /** One after the other: a hundred agents that start at once would be felt. */
  async #lookAtAll(): Promise<void> {
    for (const session of this.#sessions()) {
      try {
        await this.#look(session);
      } catch (error) {
        // In the middle of an installation there may be no codex at all: its agent goes on.
        this.#complain(session, messageOf(error));
      }
    }
  }

  async #look(session: Session): Promise<void> {
    const row = session.row.agent;
    if (row === null || !mayStop(session) || this.#runsIts(row)) return;
    const codex = await this.#wanted(session);
    if (isSame(row, codex)) return void this.#current.add(row);
    if (await hasTerminals(session)) return;
    // Something may have begun meanwhile.
    if (session.row.agent !== row || !mayStop(session)) return;
    const [from, to] = [row.codexVersion, codex.version];
    this.#log.info({ session: session.name, from, to }, "its agent goes over to the new codex");
    await session.life.restart(false, by, `codex ${from} was replaced by ${to}`);
  }

  /** The same file as when it was compared. */
  #runsIts(row: AgentRow): boolean {
    if (row.codex === undefined || !this.#current.has(row)) return false;
    const { path, stamp } = row.codex;
    try {
      return asUser(row.user, () => stampOf(statSync(path))) === stamp;
    } catch {
      return false;
    }
  }

  /** What its agent would be started with now. */
  #wanted(session: Session): Promise<CodexBinary> {
    const { spec, env, codex } = session.runContext.forAgent();
    return this.#locate({ given: spec.codex ?? codex, env, user: otherUser(spec.user) });
  }

  #complain(session: Session, why: string): void {
    if (why === this.#complaint) return;
    this.#complaint = why;
    this.#log.warn({ session: session.name, error: why }, "its agent stays with its codex");
  }
}

/** Nothing runs, nothing waits, and no client of codex's own would be cut off. */
function mayStop(session: Session): boolean {
  const { state, inbox, attached } = session;
  return state === "idle" && !inbox.hasOpen && ![...attached].some(({ kind }) => kind === "codex");
}

function isSame({ codex, codexVersion }: AgentRow, { path, stamp, version }: CodexBinary): boolean {
  // An agent of an older hacs-session's, which wrote down no more than this.
  if (codex === undefined) return codexVersion === version;
  return codex.path === path && codex.stamp === stamp;
}

/** What an agent left running in the background would end with it. */
async function hasTerminals(session: Session): Promise<boolean> {
  const answer = await session
    .call("thread/backgroundTerminals/list", {})
    // A codex that has no such thing has none of them.
    .catch(() => ({}));
  return isObject(answer) && Array.isArray(answer.data) && answer.data.length > 0;
}
