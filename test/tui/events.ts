/** Events as a daemon sends them, for tests that need no daemon. */
import type { JsonObject } from "../../src/protocol/messages.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";
import type { ApprovalDetail, SessionInfo } from "../../src/protocol/session.ts";
import { initialModel, type Model } from "../../src/tui/model.ts";
import { attached, received } from "../../src/tui/receive.ts";
import { screenOf } from "../../src/tui/screen.ts";

export const startMs = Date.parse("2026-01-02T03:04:05.000Z");
const at = new Date(startMs).toISOString();

export function sessionInfo(changes: Partial<SessionInfo> = {}): SessionInfo {
  return {
    name: "api",
    id: "s1",
    state: "idle",
    cwd: "/work/api",
    model: "gpt-5",
    provider: "openai",
    threadId: "t1",
    agentPid: 7,
    clients: 1,
    approvals: 0,
    queued: 0,
    seq: 0,
    createdAt: at,
    activeAt: at,
    peer: null,
    labels: {},
    ...changes,
  };
}

export function record(seq: number, method: string, params: object): SessionEvent {
  return { session: "s1", seq, at, method, params: params as JsonObject };
}

export function live(method: string, params: object, offset?: number): SessionEvent {
  const event = { session: "s1", at, method, params: params as JsonObject };
  return offset === undefined ? event : { ...event, offset };
}

export function item(seq: number, type: string, members: object = {}): SessionEvent {
  const whole = { id: `i${seq}`, type, ...members };
  return record(seq, "item/completed", { threadId: "t1", turnId: "u1", item: whole });
}

export function userMessage(seq: number, text: string): SessionEvent {
  return item(seq, "userMessage", { content: [{ type: "text", text }], clientId: null });
}

export function agentMessage(seq: number, text: string): SessionEvent {
  return item(seq, "agentMessage", { text });
}

export function approvalDetail(changes: Partial<ApprovalDetail> = {}): ApprovalDetail {
  return {
    id: "a1",
    session: "api",
    kind: "command",
    command: "rm -rf build",
    cwd: "/work/api",
    reason: "a clean build",
    decisions: [
      { id: "accept", label: "Yes, this once" },
      { id: "acceptForSession", label: "Yes, and don't ask again in this session" },
      { id: "decline", label: "No, and go on without it" },
      { id: "cancel", label: "No, and stop the turn" },
    ],
    createdAt: at,
    method: "item/commandExecution/requestApproval",
    params: {},
    ...changes,
  };
}

export function requested(seq: number, approval: ApprovalDetail): SessionEvent {
  return record(seq, "session/approval", {
    status: "requested",
    approval,
    turnId: "u1",
    itemId: null,
  });
}

export function answered(seq: number, id: string, decision = "accept"): SessionEvent {
  return record(seq, "session/approval", {
    status: "answered",
    id,
    kind: "command",
    decision,
    by: { kind: "cli", user: "ann", from: "ssh 10.0.0.7" },
    command: "rm -rf build",
  });
}

export interface ModelOptions {
  columns?: number;
  rows?: number;
  readOnly?: boolean;
  session?: Partial<SessionInfo>;
  events?: SessionEvent[];
}

/** A model that has attached and caught up, with these events. */
export function modelWith(options: ModelOptions = {}): Model {
  const { columns = 80, rows = 24, readOnly = false, events = [] } = options;
  const size = { columns, rows };
  const model = attached(initialModel({ name: "api", readOnly, size, now: startMs }), {
    session: sessionInfo(options.session),
    head: 0,
    approvals: [],
    messages: [],
    composed: { text: "", revision: 0 },
  });
  return feed(model, live("session/live", { seq: 0 }), ...events);
}

export function feed(model: Model, ...events: SessionEvent[]): Model {
  return events.reduce((before, event) => received(before, event).model, model);
}

/** The screen as plain text, trailing blanks cut. */
export function shown(model: Model): string[] {
  return screenOf(model).rows.map((line) =>
    line
      .map(({ text }) => text)
      .join("")
      .trimEnd(),
  );
}
