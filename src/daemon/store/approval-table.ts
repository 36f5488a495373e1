import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Json } from "../../protocol/messages.ts";
import type { Actor, ApprovalDetail } from "../../protocol/session.ts";

export interface ApprovalRow {
  id: string;
  /** Which process asked; its request ids mean nothing to the next one. */
  agent: string;
  /** codex's own id of the request; small, reused by the next agent, never shown. */
  requestId: number | string;
  detail: ApprovalDetail;
  turnId: string | null;
  itemId: string | null;
  status: "waiting" | "answered" | "lost";
  decision: string | null;
  response: Json;
  by: Actor | null;
  answeredAt: string | null;
}

export class ApprovalTable {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #redact: StatementSync;
  readonly #get: StatementSync;
  readonly #current: StatementSync;
  readonly #asked: StatementSync;
  readonly #lost: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO approvals (id, session, agent, request_id, detail, turn_id, item_id, status, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      "UPDATE approvals SET status = ?, decision = ?, response = ?, by = ?, answered_at = ? WHERE id = ?",
    );
    this.#redact = db.prepare("UPDATE approvals SET response = ? WHERE id = ?");
    this.#get = db.prepare("SELECT * FROM approvals WHERE session = ? AND id = ?");
    this.#current = db.prepare(
      `SELECT * FROM approvals WHERE session = ? AND status IN ('waiting', 'answered') ORDER BY rowid DESC LIMIT 200`,
    );
    this.#asked = db.prepare(
      "SELECT 1 FROM approvals WHERE session = ? AND agent = ? AND request_id = ? LIMIT 1",
    );
    this.#lost = db.prepare(
      "SELECT 1 FROM approvals WHERE session = ? AND status <> 'answered' AND turn_id = ? LIMIT 1",
    );
  }

  insert(session: string, row: ApprovalRow): void {
    this.#insert.run(
      row.id,
      session,
      row.agent,
      JSON.stringify(row.requestId),
      JSON.stringify(row.detail),
      row.turnId,
      row.itemId,
      row.status,
      row.detail.createdAt,
    );
  }

  update(row: ApprovalRow): void {
    const by = row.by && JSON.stringify(row.by);
    this.#update.run(
      row.status,
      row.decision,
      JSON.stringify(row.response),
      by,
      row.answeredAt,
      row.id,
    );
  }

  /** Replaces its response by one without secrets. */
  redact(id: string, response: Json): void {
    this.#redact.run(JSON.stringify(response), id);
  }

  get(session: string, id: string): ApprovalRow | undefined {
    const row = this.#get.get(session, id);
    return row && fromRow(row);
  }

  /** Whether the agent's request of this id is known, whatever became of it. */
  asked(session: string, agent: string, requestId: number | string): boolean {
    return this.#asked.get(session, agent, JSON.stringify(requestId)) !== undefined;
  }

  /** Whether something was asked in this turn that nobody answered. */
  lostIn(session: string, turnId: string): boolean {
    return this.#lost.get(session, turnId) !== undefined;
  }

  /** What waits, or was answered lately and may not have reached codex; oldest first. */
  current(session: string): ApprovalRow[] {
    return this.#current.all(session).map(fromRow).reverse();
  }
}

function fromRow(row: Record<string, unknown>): ApprovalRow {
  return {
    id: row.id as string,
    agent: row.agent as string,
    requestId: JSON.parse(row.request_id as string),
    detail: JSON.parse(row.detail as string),
    turnId: row.turn_id as string | null,
    itemId: row.item_id as string | null,
    status: row.status as ApprovalRow["status"],
    decision: row.decision as string | null,
    response: row.response === null ? null : JSON.parse(row.response as string),
    by: row.by === null ? null : JSON.parse(row.by as string),
    answeredAt: row.answered_at as string | null,
  };
}
