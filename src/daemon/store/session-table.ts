import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Limits } from "../../protocol/limits.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { ResourceSupport, SessionSpec } from "../../protocol/session.ts";
import type { Resources } from "../../system/confinement.ts";
import type { ProcessIdentity } from "../../system/process-identity.ts";
import type { UnixUser } from "../../system/unix-user.ts";

/** The agent that a session has, or had: enough to find it again after the daemon died. */
export interface AgentRow {
  socket: string;
  /** What that is a link to, null for a socket itself; known from when it first listened. */
  target?: string | null | undefined;
  codexVersion: string;
  /** The file that runs, and its stamp; agents that an older hacs-session started have neither. */
  codex?: { path: string; stamp: string };
  /** Whose process it is, when that is not the daemon's own user. */
  user?: UnixUser;
  /** Its demo model, if it has one. */
  demo?: { port: number; catalog: string };
  /** What it may take of the machine since its start; none is {}. */
  given?: Resources;
  /** How it is held to its limits, when it has any; the cgroup that was made for it. */
  held?: ResourceSupport & { cgroup?: string | undefined };
  /** The file in which codex keeps its thread, as codex says. */
  thread?: string;
  /** Absent between the decision to start it and its start. */
  process?: ProcessIdentity;
}

/** A thread's settings as codex has them now, in its words. */
export interface KeptSettings {
  now: JsonObject;
  /** Somebody changed them since the session was made, and they go before its spec. */
  changed: boolean;
}

export interface SessionRow {
  id: string;
  name: string;
  spec: SessionSpec;
  labels: Record<string, string>;
  threadId: string | null;
  model: string | null;
  provider: string | null;
  agent: AgentRow | null;
  /** Null until its thread was first opened. */
  settings: KeptSettings | null;
  /** The turn that somebody stopped last, of which codex may not have told the end. */
  stoppedTurn: string | null;
  /** How its first agent is to get the thread, until it did. */
  origin: JsonObject | null;
  /** Its own word on what bounds it. */
  limits: Limits;
  /** When it ends by itself. */
  endsAt: string | null;
  /** False while it is being created: a daemon that finds such a row undoes it. */
  ready: boolean;
  seq: number;
  createdAt: string;
  activeAt: string;
  endedAt: string | null;
}

const columns = {
  name: "name",
  spec: "spec",
  labels: "labels",
  threadId: "thread_id",
  model: "model",
  provider: "provider",
  agent: "agent",
  settings: "settings",
  stoppedTurn: "stopped_turn",
  origin: "origin",
  limits: "limits",
  endsAt: "ends_at",
  ready: "ready",
  seq: "seq",
  activeAt: "active_at",
  endedAt: "ended_at",
} as const;
const jsonColumns = new Set<string>(["spec", "labels", "agent", "settings", "origin", "limits"]);

export class SessionTable {
  readonly #db: DatabaseSync;
  readonly #open: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#open = db.prepare(
      `SELECT EXISTS (SELECT 1 FROM messages WHERE session = ?1 AND status IN ('accepted', 'delivered'))
        OR EXISTS (SELECT 1 FROM approvals WHERE session = ?1 AND status = 'waiting')
        OR EXISTS (SELECT 1 FROM drafts WHERE session = ?1) AS open`,
    );
  }

  all(): SessionRow[] {
    return this.#db
      .prepare("SELECT * FROM sessions WHERE removed_at IS NULL ORDER BY created_at, id")
      .all()
      .map(fromRow);
  }

  /** Undefined when it was removed, or is not wholly made yet. */
  get(id: string): SessionRow | undefined {
    const row = this.#db
      .prepare("SELECT * FROM sessions WHERE id = ? AND removed_at IS NULL AND ready = 1")
      .get(id);
    return row && fromRow(row);
  }

  /** Whether it has a message that is not finished, a question that waits, or an item on its way. */
  hasOpen(id: string): boolean {
    return this.#open.get(id)?.open === 1;
  }

  insert(row: SessionRow): void {
    this.#db
      .prepare(
        `INSERT INTO sessions (id, name, spec, labels, thread_id, model, provider, agent, settings, origin, limits, ends_at, ready, seq, created_at, active_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        row.id,
        row.name,
        JSON.stringify(row.spec),
        JSON.stringify(row.labels),
        row.threadId,
        row.model,
        row.provider,
        row.agent && JSON.stringify(row.agent),
        row.settings && JSON.stringify(row.settings),
        row.origin && JSON.stringify(row.origin),
        JSON.stringify(row.limits),
        row.endsAt,
        row.ready ? 1 : 0,
        row.seq,
        row.createdAt,
        row.activeAt,
      );
  }

  update(id: string, changes: Partial<Omit<SessionRow, "id" | "createdAt">>): void {
    const entries = Object.entries(changes) as [keyof typeof columns, unknown][];
    if (entries.length === 0) return;
    const assignments = entries.map(([key]) => `${columns[key]} = ?`).join(", ");
    const values = entries.map(([key, value]) => {
      if (typeof value === "boolean") return value ? 1 : 0;
      return jsonColumns.has(key) && value !== null ? JSON.stringify(value) : (value as string);
    });
    this.#db.prepare(`UPDATE sessions SET ${assignments} WHERE id = ?`).run(...values, id);
  }

  remove(id: string): void {
    this.#db.prepare("DELETE FROM sessions WHERE id = ?").run(id);
  }
}

function fromRow(row: Record<string, unknown>): SessionRow {
  return {
    id: row.id as string,
    name: row.name as string,
    spec: JSON.parse(row.spec as string),
    labels: JSON.parse(row.labels as string),
    threadId: row.thread_id as string | null,
    model: row.model as string | null,
    provider: row.provider as string | null,
    agent: row.agent === null ? null : JSON.parse(row.agent as string),
    settings: row.settings === null ? null : JSON.parse(row.settings as string),
    stoppedTurn: row.stopped_turn as string | null,
    origin: row.origin === null ? null : JSON.parse(row.origin as string),
    limits: row.limits === null ? {} : JSON.parse(row.limits as string),
    endsAt: row.ends_at as string | null,
    ready: row.ready === 1,
    seq: row.seq as number,
    createdAt: row.created_at as string,
    activeAt: row.active_at as string,
    endedAt: row.ended_at as string | null,
  };
}
