/** A session as clients see it: one line of `ls`, and all of `show`. */
import type { SessionActivity } from "../../protocol/activity.ts";
import type { LimitsInForce } from "../../protocol/limits.ts";
import type {
  Approval,
  ClientInfo,
  SessionDetail,
  SessionInfo,
  SessionState,
} from "../../protocol/session.ts";
import type { Resources } from "../../system/confinement.ts";
import type { AgentHost } from "../agent/agent-host.ts";
import { shownResources } from "../agent/resources.ts";
import type { SessionRow } from "../store/session-table.ts";
import { actionOf } from "./action.ts";
import type { Activity } from "./activity.ts";
import type { Approvals } from "./approvals.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";
import type { Recorder } from "./recorder.ts";
import type { Rest } from "./rest.ts";

/** The parts of a session that show. */
export interface Shown {
  row: SessionRow;
  host: AgentHost;
  history: History;
  inbox: Inbox;
  approvals: Approvals;
  recorder: Recorder;
  rest: Rest;
  limits: LimitsInForce;
  attached: ReadonlySet<ClientInfo>;
  codexSocket: string | null;
  /** Since when it is frozen. */
  frozenSince: string | undefined;
  /** What its agent may take of the machine. */
  resources: Resources;
}

const messagesShown = 20;

export function stateOf({ row, host, approvals, recorder, rest }: Shown): SessionState {
  if (row.endedAt !== null) return "ended";
  if (rest.place !== undefined) return "queued";
  // Until its creator is told of it; one whose creator is gone is about to be undone.
  if (!row.ready) return "starting";
  if (host.agent !== undefined || recorder.holding) {
    if (approvals.count > 0) return "needs-approval";
    if (host.agent === undefined) return "starting";
    return recorder.turns.busy ? "working" : "idle";
  }
  if (host.starting) return "starting";
  return host.crash === undefined ? "asleep" : "crashed";
}

/** The same of one that nothing is under way in. */
export function stateAtRest({ endedAt }: SessionRow): SessionState {
  return endedAt === null ? "asleep" : "ended";
}

export function infoOf(shown: Shown): SessionInfo {
  const { row, host, history, inbox, approvals, recorder, rest, attached, frozenSince } = shown;
  return infoAt(row, {
    state: stateOf(shown),
    place: rest.place,
    agentPid: host.pid,
    clients: attached.size,
    approvals: approvals.count,
    queued: inbox.queued,
    seq: history.head,
    activeAt: recorder.activeAt,
    stalledSince: host.stalledSince,
    frozenSince,
  });
}

export function infoAtRest(row: SessionRow): SessionInfo {
  const { seq, activeAt } = row;
  const nothing = { agentPid: null, clients: 0, approvals: 0, queued: 0 };
  return infoAt(row, { state: stateAtRest(row), seq, activeAt, ...nothing });
}

/** What of a session is not in its row, or newer than that. */
type Moment = Pick<
  SessionInfo,
  "state" | "agentPid" | "clients" | "approvals" | "queued" | "seq" | "activeAt"
> & {
  place?: number | undefined;
  stalledSince?: string | undefined;
  frozenSince?: string | undefined;
};

function infoAt(row: SessionRow, moment: Moment): SessionInfo {
  const { state, place, agentPid, clients, approvals, queued, seq, activeAt } = moment;
  const { stalledSince, frozenSince } = moment;
  return {
    name: row.name,
    id: row.id,
    state,
    ...(place === undefined ? {} : { place }),
    cwd: cwdOf(row),
    model: row.model ?? row.spec.model ?? null,
    provider: row.provider ?? row.spec.provider ?? null,
    threadId: row.threadId,
    agentPid,
    clients,
    approvals,
    queued,
    seq,
    createdAt: row.createdAt,
    activeAt,
    peer: null,
    ...(stalledSince === undefined ? {} : { stalledSince }),
    ...(frozenSince === undefined ? {} : { frozenSince }),
    labels: row.labels,
  };
}

/** The thread's own once somebody changed that; else as it was given, which codex may spell anew. */
function cwdOf({ spec, settings }: SessionRow): string {
  const now = settings?.changed ? settings.now.cwd : undefined;
  return typeof now === "string" ? now : spec.cwd;
}

/** What it does now, and how it went lately. */
export function activityOf(shown: Shown): SessionActivity {
  const { row, history, approvals, recorder } = shown;
  const info = infoOf(shown);
  const asked = approvals.waiting();
  const drafts = info.agentPid === null ? [] : history.drafts.all();
  const { turns, activity } = recorder;
  return {
    ...info,
    since: sinceOf(info, shown, asked[0]),
    action: actionOf({ waiting: asked, drafts, busy: turns.busy }, row.threadId),
    tokensPerMinute: activity.tokensPerMinute(Date.now()),
    turnsMs: activity.turnsMs(),
    waiting: asked.map(({ method: _method, params: _params, changes: _changes, ...one }) => one),
  };
}

/** The same of one that nothing is under way in; `activity` is what its history has of it. */
export function activityAtRest(row: SessionRow, activity: Activity): SessionActivity {
  return {
    ...infoAtRest(row),
    since: row.activeAt,
    action: null,
    tokensPerMinute: activity.tokensPerMinute(Date.now()),
    turnsMs: activity.turnsMs(),
    waiting: [],
  };
}

function sinceOf(
  { state, activeAt }: SessionInfo,
  { host, recorder }: Shown,
  asked: Approval | undefined,
): string | null {
  if (state === "starting" || state === "queued") return null;
  if (state === "needs-approval" && asked !== undefined) return asked.createdAt;
  if (state === "crashed") return host.crash?.at ?? null;
  return recorder.turns.turn?.startedAt ?? activeAt;
}

export function detailOf(shown: Shown): SessionDetail {
  const { row, host, history, inbox, recorder, rest, limits, attached, codexSocket } = shown;
  const { crash } = host;
  return {
    ...infoOf(shown),
    spec: row.spec,
    user: row.spec.user ?? null,
    settings: row.settings?.now ?? null,
    codexSocket,
    codexVersion: host.agent?.row.codexVersion ?? null,
    turn: recorder.turns.turn,
    messages: inbox.recent(messagesShown),
    attached: [...attached],
    crash: crash === undefined ? null : { ...crash, reason: history.redacted(crash.reason) },
    usage: recorder.turns.usage,
    resources: shownResources(shown.resources, row.agent),
    limits,
    endsAt: row.endedAt === null ? row.endsAt : null,
    sleepsInMs: rest.leftMs === null ? null : Math.ceil(rest.leftMs),
    ...history.kept(),
  };
}
