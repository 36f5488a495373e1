/**
 * What codex asks, and how an answer of ours becomes an answer of codex's. One table: a request
 * of a kind that is not in it is shown whole and answered with a response as codex wants it.
 */

import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { Answer, ApprovalKind, Decision } from "../../protocol/session.ts";
import { objectOf, stringOf } from "../../protocol/shape.ts";

interface Kind {
  kind: ApprovalKind;
  /** Why what is to be allowed is not known; null when it is. */
  unknown?: (params: JsonObject) => string | null;
  decisions: (params: JsonObject) => Decision[];
  respond: (decision: string, params: JsonObject) => Json;
}

/** What codex calls an answer; none is half as long. */
const wordCharsMax = 200;

const once = { id: "accept", label: "Yes, this once" };
const forSession = { id: "acceptForSession", label: "Yes, and don't ask again in this session" };
const decline = { id: "decline", label: "No, and go on without it" };
const cancel = { id: "cancel", label: "No, and stop the turn" };

const KINDS: Record<string, Kind> = {
  "item/commandExecution/requestApproval": {
    kind: "command",
    unknown: ({ command, networkApprovalContext: network }) =>
      typeof command === "string" || isObject(network)
        ? null
        : "what it would run: codex says no command",
    decisions: (params) => offered(params).map((entry) => entry.decision),
    respond: (decision, params) => ({
      decision: offered(params).find((entry) => entry.decision.id === decision)?.answer ?? decision,
    }),
  },
  "item/fileChange/requestApproval": {
    kind: "fileChange",
    decisions: () => [once, forSession, decline, cancel],
    respond: (decision) => ({ decision }),
  },
  "item/permissions/requestApproval": {
    kind: "permissions",
    unknown: ({ permissions }) =>
      isObject(permissions) ? null : "what it would be allowed: codex names no permissions",
    decisions: () => [
      { ...once, label: "Yes, for this turn" },
      { ...forSession, label: "Yes, for the session" },
      { ...decline, label: "No" },
    ],
    respond: (decision, params) => ({
      permissions: decision === "decline" ? {} : withoutNulls(params.permissions),
      scope: decision === "acceptForSession" ? "session" : "turn",
    }),
  },
  "item/tool/requestUserInput": {
    kind: "question",
    decisions: () => [{ ...decline, label: "Leave it unanswered" }],
    respond: () => ({ answers: {} }),
  },
  "mcpServer/elicitation/request": {
    kind: "elicitation",
    decisions: (params) => [
      // A form wants its fields, which only a whole response can bring.
      ...(params.mode === "url" || isEmptyForm(params) ? [{ ...once, label: "Yes" }] : []),
      { ...decline, label: "No" },
      { ...cancel, label: "Dismiss" },
    ],
    respond: (decision) => ({
      action: decision,
      content: decision === "accept" ? {} : null,
      _meta: null,
    }),
  },
};

export function kindOf(method: string): ApprovalKind {
  return known(method)?.kind ?? method;
}

/** As codex offers them. */
export function decisionsFor(method: string, params: JsonObject): Decision[] {
  return known(method)?.decisions(params) ?? [];
}

/** What is not known of a request by its params; null when nothing is. */
export function unknownIn(method: string, params: JsonObject): string | null {
  return known(method)?.unknown?.(params) ?? null;
}

/** Of what was not seen whole, nobody is to allow more than this one. */
export function onlyOnce(decisions: readonly Decision[]): Decision[] {
  return decisions.filter(({ id }) => id === once.id || isRefusal(id));
}

/** The same of what nobody can see: to refuse it comes first, and to accept it says what it is. */
export function unseen(decisions: readonly Decision[]): Decision[] {
  const accepting = decisions.filter(({ id }) => id === once.id);
  return [
    ...decisions.filter(({ id }) => isRefusal(id)),
    ...accepting.map((decision) => ({ ...decision, label: "Yes, this once, without knowing it" })),
  ];
}

export function isRefusal(id: string): boolean {
  return id === decline.id || id === cancel.id;
}

function known(method: string): Kind | undefined {
  return Object.hasOwn(KINDS, method) ? KINDS[method] : undefined;
}

/**
 * Gives what is sent to codex and the word that history keeps, for one of the decisions that were
 * offered. Throws `invalid-decision`.
 */
export function respond(
  method: string,
  params: JsonObject,
  answer: Answer,
  decisions: readonly Decision[] = decisionsFor(method, params),
): { response: Json; decision: string } {
  if (answer.response !== undefined)
    return { response: answer.response, decision: wordFor(answer.response) };
  const asked = answer.decision ?? "";
  // "No" is not always offered as such; stopping the turn is the "no" that then is.
  const id =
    asked === "decline" && !has(decisions, "decline") && has(decisions, "cancel")
      ? "cancel"
      : asked;
  const kind = known(method);
  if (kind !== undefined && has(decisions, id))
    return { response: kind.respond(id, params), decision: id };
  throw new HacsError(
    "invalid-decision",
    decisions.length > 0
      ? `This approval takes ${decisions.map((decision) => decision.id).join(", ")}; got ${quote(asked)}.`
      : `This request takes a response of its own; got ${quote(asked)}.`,
    kind?.kind === "question"
      ? "Answer it with: approve NAME --answer QUESTION=TEXT"
      : "Give one of these with --decision, or codex's own response with --response JSON.",
  );
}

/** What will happen, whole, in a form that people read. */
export function commandOf(method: string, params: JsonObject): string | null {
  if (typeof params.command === "string") return params.command;
  if (method === "item/permissions/requestApproval")
    return JSON.stringify(params.permissions) ?? null;
  if (method === "item/tool/requestUserInput" && Array.isArray(params.questions)) {
    return params.questions.map((asked) => stringOf(objectOf(asked).question) ?? "").join("\n");
  }
  if (method === "mcpServer/elicitation/request") {
    const text = stringOf(params.message) ?? stringOf(params.title) ?? "";
    return typeof params.url === "string" ? `${text}\n${params.url}` : text;
  }
  return null;
}

function offered(params: JsonObject): { decision: Decision; answer: Json }[] {
  const available = params.availableDecisions;
  if (!Array.isArray(available) || available.length === 0) {
    return [once, forSession, decline, cancel].map((decision) => ({
      decision,
      answer: decision.id,
    }));
  }
  const seen = new Map<string, number>();
  return available.flatMap((answer) => {
    const word =
      typeof answer === "string" ? answer : isObject(answer) ? Object.keys(answer)[0] : undefined;
    if (word === undefined || word.length > wordCharsMax) return [];
    // One word can come with several rules (allow this host, deny it), and each is a choice.
    const times = (seen.get(word) ?? 0) + 1;
    seen.set(word, times);
    const id = times === 1 ? word : `${word}-${times}`;
    return [{ decision: { id, label: labelFor(word, answer as Json) }, answer: answer as Json }];
  });
}

function labelFor(id: string, answer: Json): string {
  const usual = [once, forSession, decline, cancel].find((decision) => decision.id === id);
  if (usual !== undefined) return usual.label;
  const detail = isObject(answer) ? answer[id] : undefined;
  const rule = objectOf(detail).execpolicy_amendment;
  if (Array.isArray(rule)) return `Yes, and always allow: ${rule.map(wordOf).join(" ")}`;
  return detail === undefined ? id : `${id} ${JSON.stringify(detail)}`;
}

function wordOf(part: Json): string {
  return typeof part === "string" ? part : JSON.stringify(part);
}

function wordFor(response: Json): string {
  if (!isObject(response)) return "answered";
  if (typeof response.decision === "string") return response.decision;
  return typeof response.action === "string" ? response.action : "answered";
}

function isEmptyForm(params: JsonObject): boolean {
  const schema = params.requestedSchema;
  return (
    isObject(schema) && isObject(schema.properties) && Object.keys(schema.properties).length === 0
  );
}

function withoutNulls(permissions: unknown): Json {
  if (!isObject(permissions)) return {};
  return Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== null));
}

function has(decisions: readonly Decision[], id: string): boolean {
  return decisions.some((decision) => decision.id === id);
}
