import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { Json } from "../../protocol/messages.ts";
import type { Answer } from "../../protocol/session.ts";
import { giveAnswer } from "../answer.ts";
import type { Verb } from "../verb.ts";

interface Options {
  forSession?: boolean;
  decision?: string;
  response?: Json;
  answer?: [string, string][];
}

export const approve: Verb<Options> = {
  name: "approve",
  group: "Approvals",
  summary: "allow what waits, or answer a question",
  about: "ID may be left out when one approval waits. Without an option it is allowed this once.",
  arguments: ["<session>", "[id]"],
  options: [
    {
      flags: "--for-session",
      about: "allow the like of it until the session ends, where codex offers that",
      conflicts: ["decision", "response", "answer"],
    },
    {
      flags: "--decision <id>",
      about: "one that `approvals` lists",
      conflicts: ["response", "answer"],
    },
    {
      flags: "--answer <question=text>",
      about: "answer a question by its id",
      parse: readAnswer,
      repeatable: true,
      conflicts: ["response"],
    },
    {
      flags: "--response <json>",
      about: "codex's own response object, for forms",
      parse: readJson,
    },
  ],
  examples: [
    ["approve fix", "the one that waits in fix"],
    ["approve fix --for-session", "and do not ask for the like again"],
    ["approve fix --answer colour=blue", "answer a question"],
  ],
  async run(context, [name = "", id], options) {
    const option = options.forSession ? "--for-session" : undefined;
    await giveAnswer(context, name, id, answerFrom(options), option);
    return undefined;
  },
};

export function answerFrom(options: Options): Answer {
  if (options.response !== undefined) return { response: options.response };
  if (options.answer !== undefined) {
    const answers: Record<string, { answers: string[] }> = {};
    for (const [question, text] of options.answer) {
      answers[question] ??= { answers: [] };
      answers[question].answers.push(text);
    }
    return { response: { answers } };
  }
  return { decision: options.decision ?? (options.forSession ? "acceptForSession" : "accept") };
}

function readAnswer(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new HacsError(
    "invalid-usage",
    `--answer takes QUESTION=TEXT; got ${quote(text)}.`,
    "The questions' ids are in: hacs-session approvals",
  );
}

function readJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new HacsError(
      "invalid-usage",
      `--response takes JSON; got ${quote(text)} (${messageOf(error)}).`,
    );
  }
}
