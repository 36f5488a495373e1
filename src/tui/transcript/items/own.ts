/** Records of ours: who did what to the session. Each is one sentence. */
import { isObject, type JsonObject } from "../../../protocol/messages.ts";
import { type Actor, describeActor } from "../../../protocol/session.ts";
import type { Line } from "../../text/lines.ts";
import type { StyleName } from "../../text/theme.ts";
import { type Drawing, marked, textOf } from "./drawing.ts";
import { generic } from "./generic.ts";

type Sentence = { text: string; style: StyleName };

export function own(method: string, params: JsonObject, drawing: Drawing): Line[] {
  const sentence = sentenceOf(method, params);
  if (sentence === null) return generic(method, params, drawing);
  const { text, style } = sentence;
  return marked("·", style, text, style, drawing.width);
}

function sentenceOf(method: string, params: JsonObject): Sentence | null {
  const quiet = (text: string): Sentence => ({ text, style: "dim" });
  const loud = (text: string): Sentence => ({ text, style: "warning" });
  const why = textOf(params.reason) === "" ? "" : `: ${textOf(params.reason)}`;
  switch (method) {
    case "session/created": {
      const from = textOf(params.from) === "" ? "" : ` from ${textOf(params.from)}`;
      const spec = isObject(params.spec) ? textOf(params.spec.cwd) : "";
      return quiet(`session ${originOf(params.origin)}${from} by ${by(params)} in ${spec}`);
    }
    case "session/approval":
      return approval(params, why);
    case "session/message": {
      if (params.status === "cancelled" && isObject(params.by)) {
        return quiet(`a queued message was taken back by ${by(params)}`);
      }
      const error = textOf(params.error);
      const text = `message ${textOf(params.id)} ${textOf(params.status)}`;
      return loud(error === "" ? text : `${text}: ${error}`);
    }
    case "session/agent":
      return agent(params, why);
    case "session/panic":
      return panic(params);
    case "session/gap":
      return loud(gap(params, why));
    case "session/lost":
      return loud(`records since ${textOf(params.since)} may be lost${why}`);
    case "session/called":
      return quiet(`${textOf(params.method)} by ${by(params)}`);
    case "session/trimmed":
      return quiet(
        `${Number(params.records ?? 0)} records up to ${textOf(params.until)} were dropped; history begins here`,
      );
    case "session/control":
      return quiet(`${control(params)} by ${by(params)}`);
    case "session/interrupted":
      return loud(`interrupted by ${by(params)}${why}`);
    case "session/renamed":
      return quiet(`renamed from ${textOf(params.from)} to ${textOf(params.to)} by ${by(params)}`);
    case "session/ended":
      return loud(`session killed by ${by(params)}${why}`);
    default:
      return null;
  }
}

const words: Record<string, string> = {
  accept: "allowed",
  acceptForSession: "allowed for the session",
  acceptWithExecpolicyAmendment: "allowed from now on",
  decline: "declined",
  cancel: "declined, and the turn stopped,",
};

function agent(params: JsonObject, why: string): Sentence {
  switch (params.status) {
    case "started":
      return { text: "the agent was started again", style: "dim" };
    case "asleep":
      return { text: `the agent was put to sleep${why}`, style: "dim" };
    case "answers":
      return { text: "the agent answers again", style: "dim" };
    case "stalled":
      return {
        text: `the agent does not answer${why}; /command restart -f, or /panic`,
        style: "warning",
      };
    default: {
      const where = params.turnId === undefined ? "" : " in the middle of a turn";
      return { text: `the agent ${textOf(params.status)}${where}${why}`, style: "warning" };
    }
  }
}

function panic(params: JsonObject): Sentence {
  switch (params.status) {
    case "begun":
      return { text: `everything was stopped by ${by(params)} (panic)`, style: "warning" };
    case "lifted":
      return { text: `${by(params)} lets it go on`, style: "dim" };
    default: {
      const left = Array.isArray(params.left) ? params.left.length : 0;
      const rest = left === 0 ? "nothing is left" : `${left} are left`;
      const text = `processes killed: ${Number(params.killed ?? 0)}, ${rest}; /command wake lets it go on`;
      return { text, style: "warning" };
    }
  }
}

function approval(params: JsonObject, why: string): Sentence {
  const what = textOf(params.command) || `a ${textOf(params.kind) || "request"}`;
  if (params.status !== "answered") {
    return { text: `approval of ${what} can't be answered any more${why}`, style: "warning" };
  }
  const decision = textOf(params.decision);
  const refused = /decline|cancel|deny|reject/i.test(decision);
  return {
    text: `${words[decision] ?? (decision || "answered")} by ${by(params)}: ${what}`,
    style: refused ? "warning" : "good",
  };
}

function gap(params: JsonObject, why: string): string {
  const since = Date.parse(textOf(params.since));
  const day = Number.isNaN(since) ? "" : ` since ${new Date(since).toISOString()}`;
  return `the agent was not heard${day}${why}; ${Number(params.recovered ?? 0)} items recovered`;
}

/** As the audit has it: which of the things that an administrator does. */
function control(params: JsonObject): string {
  const detail = isObject(params.detail) ? params.detail : {};
  switch (params.action) {
    case "sleep":
      return "put to sleep";
    case "restart":
      return "restarted";
    case "hold":
      return `held after the crash, since ${textOf(detail.why)},`;
    case "set":
      return `set ${Object.entries(detail)
        .map(([name, value]) => `${name} ${textOf(value) || JSON.stringify(value)}`)
        .join(", ")}`;
    default:
      return `${textOf(params.action)} ${textOf(detail.method)}`.trim();
  }
}

function originOf(origin: unknown): string {
  return { resume: "resumed", fork: "forked" }[textOf(origin)] ?? "created";
}

function by(params: JsonObject): string {
  return isObject(params.by) ? describeActor(params.by as unknown as Actor) : "somebody";
}
