import { parseDuration } from "../../protocol/duration.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isObject } from "../../protocol/messages.ts";
import type { SessionEvent } from "../../protocol/records.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { ended } from "../deliver.ts";
import { answerHint } from "../text/approval.ts";
import type { Verb } from "../verb.ts";
import { watch } from "../watch.ts";

const GOALS = ["idle", "approval", "turn"] as const;
type Goal = (typeof GOALS)[number];

export const wait: Verb<{ for?: Goal; timeout?: number }> = {
  name: "wait",
  group: "Messages",
  summary: "wait until a session is idle, asks, or ends a turn",
  about:
    "idle: nothing runs or is queued (the default). approval: an approval waits.\nturn: the running turn, else the next, ends; the exit code is 4 when it did not complete.",
  arguments: ["<session>"],
  options: [
    { flags: "--for <what>", about: "what to wait for", choices: GOALS },
    {
      flags: "-t, --timeout <time>",
      about: "stop waiting after 90s, 10m, …",
      parse: parseDuration,
    },
  ],
  examples: [
    ["wait fix && notify-send 'fix is done'", "when nothing is left to do"],
    ["wait fix --for approval --timeout 1h", "exit code 124 when nothing was asked for an hour"],
  ],
  async run(context, [name = ""], options) {
    const goal = options.for ?? "idle";
    let session: SessionInfo | undefined;
    const failure = await watch<HacsError | undefined>(context, {
      attach: { name, visible: false, deltas: false },
      waitsFor: GOAL_TEXTS[goal],
      timeoutMs: options.timeout,
      onAttached(result, settle) {
        session = result.session;
        if (session.state === "ended") throw ended(session.name);
        const [asked] = result.approvals;
        if (goal === "idle" && isIdle(session)) settle(undefined);
        if (goal === "approval" && asked) settle(undefined);
        if (goal === "idle" && asked)
          context.note(`An approval waits. Answer it: ${answerHint(asked)}`);
      },
      onEvent(event, settle) {
        if (event.method === "session/ended") throw ended(session?.name ?? name);
        if (event.method === "session/state")
          session = event.params.session as unknown as SessionInfo;
        if (goal === "idle" && event.method === "session/state" && isIdle(session))
          settle(undefined);
        if (goal === "approval" && isRequest(event)) settle(undefined);
        if (goal === "turn" && isTurnEnd(event, session)) settle(turnFailure(event, session));
      },
    });
    if (context.json) context.printJson(session);
    if (failure) throw failure;
    return undefined;
  },
};

const GOAL_TEXTS: Record<Goal, string> = {
  idle: "the session to be idle",
  approval: "an approval",
  turn: "the turn to end",
};

/** Nothing runs, and nothing is left that would make something run by itself. */
export function isIdle(session: SessionInfo | undefined): boolean {
  if (session === undefined || session.queued > 0) return false;
  return session.state === "idle" || session.state === "asleep" || session.state === "crashed";
}

function isRequest(event: SessionEvent): boolean {
  return event.method === "session/approval" && event.params.status === "requested";
}

/** A turn of the session's own thread; those of sub-agents end along the way. */
function isTurnEnd(event: SessionEvent, session: SessionInfo | undefined): boolean {
  if (event.method !== "turn/completed") return false;
  const { threadId } = event.params;
  return !session?.threadId || typeof threadId !== "string" || threadId === session.threadId;
}

function turnFailure(event: SessionEvent, session: SessionInfo | undefined): HacsError | undefined {
  const turn = isObject(event.params.turn) ? event.params.turn : {};
  if (turn.status === "completed") return undefined;
  const why = isObject(turn.error) && turn.error.message ? `: ${turn.error.message}` : "";
  return new HacsError(
    "turn-failed",
    `The turn ${turn.status === "interrupted" ? "was interrupted" : "failed"}${why}`,
    `See what happened: hacs-session tail ${session?.name ?? "NAME"} -n 10`,
  );
}
