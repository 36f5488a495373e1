/** The shapes that cross the wire. Nothing here is renamed or removed once released. */

import type { ArchiveStatus } from "./archive.ts";
import type { Figures } from "./figures.ts";
import type { LimitsInForce } from "./limits.ts";
import type { Json, JsonObject } from "./messages.ts";

export const SESSION_STATES = [
  "asleep",
  "starting",
  "idle",
  "working",
  "needs-approval",
  "crashed",
  "unreachable",
  "queued",
  "ended",
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export const SANDBOXES = ["read-only", "workspace-write", "danger-full-access"] as const;
export const ON_CRASH = ["continue", "hold"] as const;
export type OnCrash = (typeof ON_CRASH)[number];
export const APPROVAL_POLICIES = ["untrusted", "on-request", "never"] as const;

/** How to run codex for a session. What is left out is codex's own default. */
export interface SessionSpec {
  /** Absolute, or below the home directory of the user that it runs as. */
  cwd: string;
  model?: string;
  provider?: string;
  profile?: string;
  sandbox?: (typeof SANDBOXES)[number];
  approval?: (typeof APPROVAL_POLICIES)[number];
  /** `-c key=value`, in order, as given. */
  overrides?: string[];
  codexHome?: string;
  /** The unix user that the agent runs as, when that is not the daemon's own: root's daemon alone. */
  user?: string;
  /** The codex to run, when it is not to be looked for. */
  codex?: string;
  /** Whether the agent is asked to go on with a turn in which it died; the config's when left out. */
  onCrash?: OnCrash;
  /** What its agent, with all that it starts, may take; the config's when left out. */
  memoryBytes?: number;
  cpus?: number;
}

/**
 * What may be changed later of how a session's agent is run. Left out stays as it is, null is as the
 * config has it, 0 is no limit.
 */
export interface RunChanges {
  onCrash?: OnCrash | null;
  memoryBytes?: number | null;
  cpus?: number | null;
}

/** How a session's agent is held to its limits. */
export interface SessionResources {
  memoryBytes: number | null;
  cpus: number | null;
  /** A cgroup (of `systemd` or our own) or limits of each process; null while there is no agent. */
  by: "systemd" | "cgroup" | "rlimit" | null;
  /** What of it does not hold on that machine, or not as one would think. */
  note: string | null;
}

/** How agents can be held to limits on this machine. */
export interface ResourceSupport {
  by: "systemd" | "cgroup" | "rlimit";
  /** Of all processes together, of each by itself, or not at all. */
  memory: "together" | "each" | "no";
  cpus: boolean;
}

/** What a panic did in a session. */
export interface Stopped {
  session: SessionInfo;
  /** How many processes were killed, beside those that ended when they were told to. */
  killed: number;
  /** What lives on all the same. */
  left: { pid: number; command: string }[];
}

/** One line of `ls --json`. Times are ISO 8601 in UTC. */
export interface SessionInfo {
  name: string;
  id: string;
  state: SessionState;
  /** Its place in the line for a slot, from 1; there with `queued` alone. */
  place?: number;
  cwd: string;
  model: string | null;
  provider: string | null;
  threadId: string | null;
  agentPid: number | null;
  clients: number;
  /** How many approvals wait. */
  approvals: number;
  /** How many messages are stored and not yet delivered. */
  queued: number;
  /** The last record's seq; 0 when there is none. */
  seq: number;
  createdAt: string;
  activeAt: string;
  /** The peer that has it, `a/b` for one behind another; null for this daemon's own. */
  peer: string | null;
  /** Since when its peer is away; there with `unreachable` alone. */
  unreachableSince?: string;
  /** Since when its agent does not answer, which it should; there for as long as that lasts. */
  stalledSince?: string;
  /** Since when nothing starts or is delivered, after a panic; `wake` lets it go on. */
  frozenSince?: string;
  /** Free-form marks; `demo: "true"` says that answers come from the embedded demo model. */
  labels: Record<string, string>;
}

/** `show --json`. */
export interface SessionDetail extends SessionInfo {
  spec: SessionSpec;
  /** The unix user that its agent runs as; null is the daemon's own. */
  user: string | null;
  /** The thread's settings as they are now, in the words of codex's `ThreadSettings`. */
  settings: JsonObject | null;
  /** The unix socket that speaks codex's own protocol; whoever connects wakes the session. */
  codexSocket: string | null;
  codexVersion: string | null;
  turn: TurnInfo | null;
  messages: Receipt[];
  attached: ClientInfo[];
  /** Why the session is `crashed`, and when it is tried again. */
  crash: { reason: string; at: string; retryAt: string | null } | null;
  usage: JsonObject | null;
  /** What bounds it, whether it says so itself or the config does. */
  limits: LimitsInForce;
  /** When it ends by itself; null: never. */
  endsAt: string | null;
  /** When its agent is put to sleep if nothing happens before; null while it does not rest. */
  sleepsInMs: number | null;
  keep: Keep;
  /** Null when it has none. */
  resources: SessionResources | null;
  /** What its records take up on the disk, about. */
  bytes: number;
}

/** What is kept of a history; what is left out or null is as the config has it, 0 is for ever. */
export interface Keep {
  ageMs?: number | null;
  bytes?: number | null;
}

export interface TurnInfo {
  id: string;
  /** The turn it is a part of: of a review, codex tells that one's end alone. */
  rootId: string | null;
  startedAt: string;
}

/** Who did something: shown with approvals and messages, and in the history. */
export interface Actor {
  /** What kind of client: `cli`, `tui`, `script`, `codex` (it speaks codex's own protocol). */
  kind: string;
  user: string;
  /** From where: a terminal, an ssh address, a pid. */
  from: string;
  /** The daemons in between, the actor's own first. */
  via?: string[];
}

export function describeActor(actor: Actor): string {
  const via = (actor.via ?? []).map((name) => ` via ${name}`).join("");
  return `${actor.user}${via} (${actor.kind}${actor.from === "" ? "" : `, ${actor.from}`})`;
}

export interface ClientInfo extends Actor {
  readOnly: boolean;
  since: string;
  /** True for the client that asks, where it is attached itself. */
  you?: boolean;
}

export const SEND_MODES = ["queue", "steer", "interrupt"] as const;
export type SendMode = (typeof SEND_MODES)[number];

/** What a message holds; images are absolute paths on the session's machine. */
export interface MessageContent {
  text: string;
  images?: string[];
}

/** What is being written to a session; its revision grows with each change. */
export interface Composition {
  text: string;
  revision: number;
}

/**
 * stored: kept for a peer that is away. accepted: stored, will be delivered. delivered: codex has it, in turn `turnId`. finished: that
 * turn ended, `turnStatus` says how. failed: codex refused it. cancelled: the session was killed
 * before it could be delivered, or somebody took the message back.
 */
export type ReceiptStatus =
  | "stored"
  | "accepted"
  | "delivered"
  | "finished"
  | "failed"
  | "cancelled";

export interface Receipt {
  session: string;
  messageId: string;
  status: ReceiptStatus;
  mode: SendMode;
  /** The seq of the record that says so. */
  seq: number;
  turnId: string | null;
  turnStatus: "completed" | "interrupted" | "failed" | null;
  /** The final answer, once finished. */
  text: string | null;
  /** Why it failed, or the turn's error. */
  error: string | null;
  usage: JsonObject | null;
  createdAt: string;
  /** Since when its session is frozen; only where it was just sent, and waits for that. */
  frozenSince?: string;
}

/** A message that is not finished, with what it says. */
export interface OpenMessage extends Receipt {
  content: MessageContent;
  /** Its text is the beginning alone; `session/withdraw` gives the whole. */
  cut?: true;
  by: Actor;
}

export const APPROVAL_KINDS = [
  "command",
  "fileChange",
  "permissions",
  "question",
  "elicitation",
] as const;
/** Requests of codex that later versions add arrive with their method as the kind. */
export type ApprovalKind = (typeof APPROVAL_KINDS)[number] | (string & {});

export interface Approval {
  /** Ours, random; codex's own small integers are never shown. */
  id: string;
  session: string;
  kind: ApprovalKind;
  /** What will run, in full; for a file change the files, one a line. */
  command: string | null;
  cwd: string | null;
  reason: string | null;
  /** Of a file change: each file with its diff, as codex gives them. */
  changes?: JsonObject[];
  /** What of it is not known, and why, for people; whoever accepts should have read it. */
  unknown?: string;
  /** What may be answered, in codex's order; of what is not known, the first declines. */
  decisions: Decision[];
  createdAt: string;
}

/** One way to answer. `id` is what `approve --decision` takes, `label` what people read. */
export interface Decision {
  id: string;
  label: string;
}

/** An approval with codex's own request, for clients that draw it whole. */
export interface ApprovalDetail extends Approval {
  method: string;
  params: JsonObject;
}

const besides = {
  network: "networkApprovalContext",
  permissions: "additionalPermissions",
  "write under": "grantRoot",
};

/** What a decision also grants, by codex's request, and must be seen for it. */
export function besidesOf(params: JsonObject = {}): [label: string, value: string][] {
  return Object.entries(besides).flatMap(([label, member]) => {
    const value = params[member];
    return value == null ? [] : [[label, JSON.stringify(value)] as [string, string]];
  });
}

/** An answer: a decision's id, or codex's own response object for questions and forms. */
export interface Answer {
  decision?: string;
  response?: Json;
}

/** A record of the history: what `tail --json` prints, one a line. */
export interface HistoryRecord {
  seq: number;
  at: string;
  session: string;
  method: string;
  params: JsonObject;
}

/** Who did what, and when: one line of `audit`. */
export interface AuditEntry {
  id: number;
  at: string;
  /** The session's id and its name at that time; null for what is about the daemon. */
  session: string | null;
  name: string | null;
  action: string;
  /** `done`, or the code of the error that it was refused with. */
  outcome: string;
  by: Actor;
  /** The id of the token that the client showed; null over the user's own socket. */
  token: string | null;
  detail: JsonObject;
}

export const PEER_STATES = ["connecting", "connected", "unreachable"] as const;

/** One entry of `peer ls --json`. */
export interface PeerInfo {
  /** For an offer, the name that this daemon has over there. */
  name: string;
  /** Null for a peer that dials in. */
  url: string | null;
  /** added: this daemon dials it; joined: it dials in; offer: this daemon dials, and is called. */
  kind: "added" | "joined" | "offer";
  state: (typeof PEER_STATES)[number];
  since: string;
  /** How many sessions it has, or had when it was last seen. */
  sessions: number;
  latencyMs: number | null;
  /** Messages that are kept until it is back. */
  stored: number;
  /** Why it is away, and what it refused of what was kept. */
  error: string | null;
  refused: { id: string; session: string; error: string }[];
}

/** `daemon status --json`. */
export interface DaemonStatus {
  pid: number;
  version: string;
  /** The codex that agents are started with now. */
  codexVersion: string | null;
  /** How many agents run which codex: those of another one go over when nothing of theirs runs. */
  agentVersions: Record<string, number>;
  socket: string;
  listen: string[];
  sessions: number;
  clients: number;
  uptimeMs: number;
  /** What history and logs take up on the disk. */
  diskBytes: number;
  /** How it does; null for a client that does not see all sessions. */
  figures: Figures | null;
  resources: ResourceSupport;
  /** Agents that run, how many may at once (`maxAgents`), and how many sessions wait for a slot. */
  agents: { running: number; max: number; waiting: number };
  /** Null where the config names none. */
  archive: ArchiveStatus | null;
}
