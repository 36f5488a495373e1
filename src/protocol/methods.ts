/**
 * Every method that a client can call, with its params and result: the wire's index. The same
 * word stands in `src/cli/verbs`, here, and in `src/daemon/methods`.
 */

import type { NewToken, Scope, TokenInfo } from "./access.ts";
import type { SessionActivity } from "./activity.ts";
import type { ArchivedSession } from "./archive.ts";
import type { HookInfo, HookTrial } from "./hooks.ts";
import type { Limits } from "./limits.ts";
import type { Json, JsonObject } from "./messages.ts";
import type { SessionEvent } from "./records.ts";
import type { SearchHit } from "./search.ts";
import type {
  Answer,
  Approval,
  ApprovalDetail,
  AuditEntry,
  Composition,
  DaemonStatus,
  HistoryRecord,
  Keep,
  MessageContent,
  OpenMessage,
  PeerInfo,
  Receipt,
  RunChanges,
  SendMode,
  SessionDetail,
  SessionInfo,
  SessionSpec,
  SessionState,
  Stopped,
} from "./session.ts";

/** The versions of this protocol that this build speaks. */
export const PROTOCOL = { min: 1, max: 1 } as const;

/** What is left out is: `observe`, all sessions, 30 days, no label. */
export interface GrantParams {
  scope?: Scope;
  sessions?: string;
  /** Null: it counts until it is revoked. */
  expiresMs?: number | null;
  label?: string;
}

export interface Methods {
  /** The first call on every connection. */
  hello: {
    params: {
      protocol: { min: number; max: number };
      /** `via`: the names of the daemons that the client speaks through, its own first. */
      client: { kind: string; version: string; user: string; from: string; via?: string[] };
      /** On a channel of a peer's link: the ids of the daemons behind that peer. */
      via?: string[];
    };
    result: { protocol: number; daemon: { pid: number; version: string; id: string } };
  };
  "daemon/status": { params: Record<string, never>; result: DaemonStatus };
  /** The daemon's figures as Prometheus reads them. */
  "daemon/metrics": {
    params: Record<string, never>;
    result: { contentType: string; text: string };
  };
  /** The config file's hooks, and how they do. */
  "hook/list": { params: Record<string, never>; result: { hooks: HookInfo[] } };
  /** Tells hooks of an event that did not happen, and waits for what comes of it. */
  "hook/test": { params: { event: string; hook?: string }; result: { trials: HookTrial[] } };
  /**
   * settle: idle agents sleep, agents in a turn finish it and then go; keep: agents live on for
   * the next daemon; end: turns are interrupted and agents ended.
   */
  "daemon/stop": {
    params: { agents: "settle" | "keep" | "end" };
    result: { sessions: { name: string; state: SessionState; outcome: string }[] };
  };
  /** The same for every session that the client sees, all at once. */
  "daemon/panic": { params: Record<string, never>; result: { sessions: Stopped[] } };
  /** What people wrote to any session, newest first and each text once: a composer's history. */
  "daemon/sent": { params: { limit?: number }; result: { texts: string[] } };
  /** What every session that lives is doing, and how it went lately: one call for a dashboard. */
  "daemon/activity": { params: Record<string, never>; result: { sessions: SessionActivity[] } };
  /** Where something was said or done, newest first. `behind`: sessions not whole in the index. */
  "daemon/search": {
    params: { words: string; name?: string; since?: string; limit?: number };
    result: { hits: SearchHit[]; behind: number };
  };
  /** The same over all machines' sessions in the archive; `name` is `MACHINE/SESSION` or an id. */
  "archive/search": {
    params: { words: string; name?: string; since?: string; limit?: number };
    result: { hits: SearchHit[] };
  };
  /** What the archive has, those that were active last first; `more`: there are some after these. */
  "archive/sessions": {
    params: { offset?: number; limit?: number };
    result: { sessions: ArchivedSession[]; more: boolean };
  };
  /** As `session/history`, of a session of any machine. */
  "archive/history": {
    params: { name: string; after?: number; before?: number; limit?: number };
    result: { records: HistoryRecord[]; head: number; session: ArchivedSession };
  };
  /** Who did what; `more` is the `before` to go further back with, null when there is no more. */
  "daemon/audit": {
    params: { name?: string; since?: string; before?: number; limit?: number };
    result: { entries: AuditEntry[]; more: number | null };
  };
  /** A token for clients from elsewhere; it is told here and never again. */
  "token/new": { params: GrantParams; result: NewToken };
  "token/list": { params: Record<string, never>; result: { tokens: TokenInfo[] } };
  /** Ends the connections that came with it, too; `id` may be a unique prefix. */
  "token/revoke": { params: { id: string }; result: { token: TokenInfo; cut: number } };
  /** A code that is exchanged for such a token once, over HTTP at one of the URLs. */
  "pair/new": {
    params: GrantParams;
    result: { code: string; expiresAt: string; urls: string[] };
  };
  "session/new": {
    params: {
      name?: string;
      spec: SessionSpec;
      /** The client's environment, for the agent alone; left out: the daemon's own. */
      env?: Record<string, string>;
      /** More variables, on top of either. */
      variables?: Record<string, string>;
      /** A thread to take over, or the newest one of `spec.cwd`. */
      resume?: { threadId: string } | { last: true };
      prompt?: MessageContent;
      keep?: Keep;
      limits?: Limits;
    };
    result: { session: SessionInfo; receipt: Receipt | null };
  };
  "session/list": { params: { all?: boolean }; result: { sessions: SessionInfo[] } };
  "session/show": { params: { name: string }; result: { session: SessionDetail } };
  /**
   * Subscribes this connection: `session/event` notifications follow, first the records after
   * `after` (or the last `last` records), then drafts, then `session/live`, then live events.
   * With neither, only what is new. `wake` starts a sleeping agent.
   */
  "session/attach": {
    params: {
      name: string;
      after?: number;
      last?: number;
      deltas?: boolean;
      readOnly?: boolean;
      wake?: boolean;
      env?: Record<string, string>;
      /** False for a follower that is not to be counted and shown as attached. */
      visible?: boolean;
    };
    result: {
      session: SessionInfo;
      head: number;
      approvals: ApprovalDetail[];
      messages: OpenMessage[];
      composed: Composition;
    };
  };
  "session/detach": { params: { name: string }; result: Record<string, never> };
  /** Records in order: those after `after`, or the `limit` before `before`, or the last. */
  "session/history": {
    params: { name: string; after?: number; before?: number; limit?: number };
    result: { records: HistoryRecord[]; head: number };
  };
  "session/send": {
    params: {
      name: string;
      id?: string;
      content: MessageContent;
      mode?: SendMode;
      /** Kept where a link is down, and delivered when it is back. */
      store?: boolean;
    };
    result: Receipt;
  };
  /** Keeps what is being written, for the other clients and for later; "" when nothing is. */
  "session/compose": { params: { name: string; text: string }; result: { revision: number } };
  /** Takes a message out of the queue; only one that codex was not given yet. */
  "session/withdraw": {
    params: { name: string; id: string };
    result: { receipt: Receipt; content: MessageContent };
  };
  "session/receipt": { params: { name: string; id: string }; result: Receipt };
  "session/approvals": { params: { name?: string }; result: { approvals: ApprovalDetail[] } };
  "session/answer": {
    params: { name: string; id?: string; answer: Answer };
    result: { approval: Approval; decision: string };
  };
  "session/interrupt": { params: { name: string }; result: { turnId: string } };
  "session/sleep": { params: { name: string; force?: boolean }; result: { session: SessionInfo } };
  "session/wake": {
    params: { name: string; env?: Record<string, string> };
    result: { session: SessionInfo };
  };
  "session/restart": {
    params: { name: string; env?: Record<string, string>; force?: boolean };
    result: { session: SessionInfo };
  };
  /** Ends every process of the session's, and holds its queue until somebody wakes it. */
  "session/panic": { params: { name: string }; result: Stopped };
  "session/kill": { params: { name: string }; result: { session: SessionInfo; cancelled: number } };
  /** `pending`: the archive is away, and forgets it when it is back. */
  "session/remove": { params: { name: string }; result: { records: number; pending?: boolean } };
  /**
   * Changes what is kept of it, what bounds it and how its agent is run; what is left out stays, null
   * is as the config has it. What an agent may take counts from its next start.
   */
  "session/update": {
    params: { name: string; keep?: Keep; limits?: Limits; run?: RunChanges };
    result: { session: SessionDetail };
  };
  "session/rename": { params: { name: string; to: string }; result: { session: SessionInfo } };
  "session/fork": {
    params: { name: string; to: string; env?: Record<string, string> };
    result: { session: SessionInfo };
  };
  /** Calls a method of codex's own on the session's agent; wakes it. */
  "session/call": { params: { name: string; method: string; params: JsonObject }; result: Json };
  "peer/add": {
    params: { name: string; url: string; token?: string; ca?: string; remoteCommand?: string };
    result: { peer: PeerInfo };
  };
  /** Dials out, and offers this daemon's sessions there under the name `as`. */
  "peer/join": {
    params: {
      url: string;
      as: string;
      token?: string;
      ca?: string;
      remoteCommand?: string;
      /** What is allowed to who comes from there; left out, what the owner may. */
      scope?: Scope;
      sessions?: string;
    };
    result: { peer: PeerInfo };
  };
  "peer/list": { params: Record<string, never>; result: { peers: PeerInfo[] } };
  /** By name, or an offer by its URL. `dropped`: messages that were kept for it. */
  "peer/remove": { params: { name: string }; result: { name: string; dropped: number } };
  /** From its answer on, this connection carries channels; see PROTOCOL.md, "Links". */
  "peer/link": { params: { daemon?: Neighbour }; result: Record<string, never> };
  /** The same with the roles turned round: who answers opens the channels. */
  "peer/offer": { params: { as: string; daemon: Neighbour }; result: Record<string, never> };
  /** Own sessions and those of peers, each with the daemons that lead to it, this one first. */
  "peer/sessions": {
    params: { all?: boolean; waitMs?: number };
    result: { sessions: { via: string[]; session: SessionInfo }[] };
  };
}

/** The daemon at the other end of a link: its random id, and what it calls itself. */
export interface Neighbour {
  id: string;
  name: string;
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M]["params"];
export type Result<M extends Method> = Methods[M]["result"];

/** What the daemon sends without being asked. */
export interface Notifications {
  "session/event": SessionEvent;
}

/** Bounds that the daemon holds clients to. */
export const limits = {
  /** A message's text, in UTF-8 bytes; codex itself refuses more than 1,048,576 characters. */
  messageBytesMax: 1024 * 1024,
  /** Messages that are stored and not yet delivered: of one session at most, and for one peer. */
  messagesMax: 10_000,
  /** Of a session's limits in time: a year. */
  limitMsMax: 365 * 86_400_000,
  historyLimitMax: 1000,
  sentLimitMax: 1000,
  labelLengthMax: 64,
  tokenLifeMsMax: 10 * 365 * 86_400_000,
  auditLimitMax: 1000,
  searchLimitMax: 1000,
  /** With less codex itself does not start. */
  memoryBytesMin: 64 * 1024 * 1024,
  cpusMin: 0.01,
  cpusMax: 1024,
  archiveLimitMax: 1000,
} as const;
