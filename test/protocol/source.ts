/**
 * A stand-in for the daemon's half of a history: takes steps chosen at random, makes the events
 * that a session would have of them, and keeps what it would send to a client that joins.
 */
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";
import { applyDelta, type Draft } from "../../src/protocol/records.ts";

export type Step =
  | { do: "turn" | "item" | "complete" | "cut" | "message" | "deliver" | "ask" | "answer" }
  | { do: "crash" | "notice" }
  | { do: "delta"; text: string };

const session = "session-1";
const threadId = "thread-1";

export class Source {
  /** Everything that was sent live, in order. */
  readonly events: SessionEvent[] = [];
  readonly records: SessionEvent[] = [];
  #drafts: Draft[] = [];
  #turn: string | null = null;
  #queue: string[] = [];
  #approvals: string[] = [];
  #made = 0;

  /** What a client with this cursor gets when it attaches now. */
  join(after: number): SessionEvent[] {
    const seq = this.records.length;
    return [
      ...this.records.slice(after),
      ...this.#drafts.map((draft) => live("session/draft", { ...draft })),
      live("session/live", { seq }),
    ];
  }

  take(step: Step): void {
    switch (step.do) {
      case "turn":
        return this.#turn === null ? this.#beginTurn() : this.#endTurn();
      case "item":
        return this.#beginItem();
      case "delta":
        return this.#delta(step.text);
      case "complete":
      case "cut":
        return this.#endItem(step.do === "complete" ? "item/completed" : "session/cut");
      case "message": {
        const id = this.#name("message");
        this.#queue.push(id);
        const content = { text: `text of ${id}` };
        return this.#record("session/message", { id, status: "accepted", mode: "queue", content });
      }
      case "deliver": {
        const id = this.#queue.shift();
        if (id === undefined) return;
        return this.#record("session/message", { id, status: "delivered", mode: "queue" });
      }
      case "ask": {
        const id = this.#name("approval");
        this.#approvals.push(id);
        return this.#record("session/approval", { status: "requested", approval: { id } });
      }
      case "answer": {
        const id = this.#approvals.shift();
        if (id === undefined) return;
        return this.#record("session/approval", { status: "answered", id, decision: "accept" });
      }
      case "crash":
        this.#turn = null;
        this.#drafts = [];
        return this.#record("session/agent", { status: "crashed", pid: null });
      case "notice":
        return this.#record("warning", { threadId, message: this.#name("warning") });
    }
  }

  #beginTurn(): void {
    this.#turn = this.#name("turn");
    this.#record("turn/started", { threadId, turn: { id: this.#turn } });
  }

  #endTurn(): void {
    const turn = { id: this.#turn, status: "completed", durationMs: 5 };
    this.#turn = null;
    this.#drafts = [];
    this.#record("turn/completed", { threadId, turn });
  }

  #beginItem(): void {
    if (this.#turn === null) return;
    const item = { type: "agentMessage", id: this.#name("item") };
    const where = { threadId, turnId: this.#turn };
    this.#drafts.push({ ...where, itemId: item.id, item, fields: {} });
    this.#record("item/started", { ...where, item });
  }

  #delta(delta: string): void {
    const draft = this.#drafts.at(-1);
    if (draft === undefined || delta === "") return;
    const offset = draft.fields.text?.text.length ?? 0;
    const fields = { text: applyDelta(draft.fields.text, delta, offset) };
    this.#drafts = [...this.#drafts.slice(0, -1), { ...draft, fields }];
    const { turnId, itemId } = draft;
    const params = { threadId, turnId, itemId, delta };
    this.events.push({ ...live("item/agentMessage/delta", params), offset });
  }

  #endItem(method: string): void {
    const draft = this.#drafts.pop();
    if (draft === undefined) return;
    const item = { ...draft.item, text: draft.fields.text?.text ?? "" };
    this.#record(method, { threadId, turnId: draft.turnId, item });
  }

  #record(method: string, params: JsonObject): void {
    const record = { ...live(method, params), seq: this.records.length + 1 };
    this.records.push(record);
    this.events.push(record);
  }

  #name(kind: string): string {
    return `${kind}-${++this.#made}`;
  }
}

function live(method: string, params: object): SessionEvent {
  return { session, at: "2025-01-01T00:00:00.000Z", method, params: params as JsonObject };
}
