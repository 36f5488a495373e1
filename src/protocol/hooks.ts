/**
 * The events that hooks are told of, each made from one record of a history. This is the one table
 * of them: the config file is checked against it, `hooks test` sends its samples, and PROTOCOL.md
 * describes it.
 */
import { isObject, type JsonObject } from "./messages.ts";
import { objectOf } from "./shape.ts";

export interface HookEventKind {
  about: string;
  /** What `data` has beside `session`, `seq` and `summary`, with values as they may be. */
  sample: JsonObject;
}

const turnId = "0199c1f0-5c1e-7b7a-8f0e-3d1f5a2b6c7d";
const by = { kind: "cli", user: "anna", from: "pts/3" };
const approval = { id: "5f0c3a9b1d2e4f60718a", kind: "command", command: "npm publish" };
const message = { id: "m1", mode: "queue" };

export const HOOK_EVENTS = {
  "session.created": { about: "a session was made", sample: { origin: "new", by } },
  "session.started": {
    about: "its agent was started",
    sample: { pid: 4711, model: "gpt-5", codexVersion: "0.169.0" },
  },
  "session.asleep": { about: "its agent was put to sleep", sample: { reason: null } },
  "session.crashed": {
    about: "its agent died of itself, or did not come up",
    sample: { reason: "the agent (pid 4711) died" },
  },
  "session.ended": { about: "it was killed", sample: { by } },
  "turn.started": { about: "codex began a turn", sample: { turnId } },
  "turn.completed": {
    about: "a turn ended well",
    sample: { turnId, durationMs: 92_000, text: "All tests pass now." },
  },
  "turn.failed": {
    about: "a turn ended with an error",
    sample: { turnId, durationMs: 1_200, error: "the model is overloaded" },
  },
  "turn.interrupted": {
    about: "a turn was stopped",
    sample: { turnId, durationMs: 30_000 },
  },
  "approval.requested": {
    about: "codex asks, and waits for an answer",
    sample: {
      turnId,
      approval: {
        ...approval,
        cwd: "/home/anna/web",
        reason: "it needs the network",
        decisions: ["accept", "decline", "cancel"],
      },
    },
  },
  "approval.answered": {
    about: "somebody answered",
    sample: { approval: { ...approval, decision: "accept", by }, waitedMs: 42_000 },
  },
  "approval.lost": {
    about: "it can't be answered any more",
    sample: { approval: { ...approval, reason: "the turn ended" }, waitedMs: 42_000 },
  },
  "message.accepted": { about: "a message was stored", sample: { message: { ...message, by } } },
  "message.delivered": {
    about: "codex has it",
    sample: { message: { ...message, turnId } },
  },
  "message.finished": {
    about: "the turn that it was given to ended",
    sample: {
      message: { ...message, turnId, turnStatus: "completed", error: null },
      text: "All tests pass now.",
    },
  },
  "message.failed": {
    about: "codex refused it",
    sample: { message: { ...message, error: "codex does not take it" } },
  },
  "message.cancelled": {
    about: "it was taken back, or its session killed first",
    sample: { message: { ...message, error: "it was taken back" } },
  },
} as const satisfies Record<string, HookEventKind>;

export type HookEventName = keyof typeof HOOK_EVENTS;
export const hookEventNames = Object.keys(HOOK_EVENTS) as HookEventName[];

export function isHookEvent(name: string): name is HookEventName {
  return Object.hasOwn(HOOK_EVENTS, name);
}

/** What a command reads and a URL is sent. It never changes from one attempt to the next. */
export interface HookEvent {
  /** The same however often it is delivered: whoever has seen it has seen it. */
  id: string;
  type: HookEventName;
  /** When it happened. */
  timestamp: string;
  /** There when `hooks test` made it up. */
  test?: true;
  data: JsonObject & {
    session: { id: string; name: string; cwd: string; model: string | null };
    seq: number;
    summary: string;
  };
}

/** Which event a record is, if any. `threadId` is the session's: sub-agents' turns are none. */
export function hookEventOf(
  method: string,
  params: JsonObject,
  threadId: string | null,
): HookEventName | undefined {
  const name = nameOf(method, params, threadId);
  return name !== undefined && isHookEvent(name) ? name : undefined;
}

function nameOf(method: string, params: JsonObject, threadId: string | null): string | undefined {
  switch (method) {
    case "session/created":
      return "session.created";
    case "session/ended":
      return "session.ended";
    case "session/agent":
      return `session.${params.status}`;
    case "session/approval":
      return `approval.${params.status}`;
    case "session/message":
      return `message.${params.status}`;
    case "turn/started":
      return isOwnTurn(params, threadId) ? "turn.started" : undefined;
    case "turn/completed": {
      const status = isOwnTurn(params, threadId) && objectOf(params.turn).status;
      return typeof status === "string" ? `turn.${status}` : undefined;
    }
    default:
      return undefined;
  }
}

/** Whatever codex may have told under that name. */
function isOwnTurn({ threadId: of, turn }: JsonObject, threadId: string | null): boolean {
  return of === threadId && isObject(turn);
}

export const OUTCOMES = ["done", "failed", "dropped"] as const;
/** done: delivered; failed: given up after some attempts; dropped: too many or too old. */
export type HookOutcome = (typeof OUTCOMES)[number];

/** One entry of `hooks ls --json`. Where it leads is named without what may be secret in it. */
export interface HookInfo {
  name: string;
  on: HookEventName[];
  sessions: string;
  kind: "run" | "post";
  /** The program, or the URL's origin. */
  target: string;
  /** Deliveries that wait, and of those since the daemon's start what became. */
  pending: number;
  delivered: number;
  failed: number;
  dropped: number;
  lastAt: string | null;
  /** Of the last attempt; null when that went well. */
  error: string | null;
  /** It is left alone until then. */
  retryAt: string | null;
}

/** What became of a sample. */
export interface HookTrial {
  hook: string;
  outcome: "done" | "failed";
  detail: string;
  ms: number;
}

const SUMMARIES: Record<HookEventName, string> = {
  "session.created": "was created",
  "session.started": "was started",
  "session.asleep": "sleeps",
  "session.crashed": "crashed",
  "session.ended": "was killed",
  "turn.started": "works",
  "turn.completed": "is done",
  "turn.failed": "failed",
  "turn.interrupted": "was interrupted",
  "approval.requested": "asks",
  "approval.answered": "was answered",
  "approval.lost": "asks no more",
  "message.accepted": "has a new message",
  "message.delivered": "began on a message",
  "message.finished": "has dealt with a message",
  "message.failed": "did not take a message",
  "message.cancelled": "has a message less",
};
const summaryCharsMax = 200;

/** One line for people: `web asks: npm publish`. */
export function summarize(type: HookEventName, session: string, data: JsonObject): string {
  const asked = isObject(data.approval) ? data.approval : {};
  const details = [data.text, data.error, asked.command, asked.reason, data.reason];
  const [detail] = details.filter((one): one is string => typeof one === "string" && one !== "");
  const [line = ""] = (detail ?? "").trim().split("\n");
  const shown = line.length > summaryCharsMax ? `${line.slice(0, summaryCharsMax)}…` : line;
  return `${session} ${SUMMARIES[type]}${shown === "" ? "" : `: ${shown}`}`;
}
