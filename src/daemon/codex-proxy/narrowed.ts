/** Answers of codex's that hold more than the session, with only what is the session's in them. */
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";

/** Threads (whole ones, or ids): the session's alone. Configuration: how the model works. */
export type Narrowing = "own-thread" | "plain-config";

export function narrowed(answer: Json, narrowing: Narrowing, threadId: string): Json {
  if (!isObject(answer)) return {};
  return narrowing === "own-thread" ? ownThread(answer, threadId) : plainConfig(answer);
}

function ownThread(answer: JsonObject, threadId: string): Json {
  const data = Array.isArray(answer.data) ? answer.data : [];
  const isOwn = (thread: Json) =>
    thread === threadId || (isObject(thread) && thread.id === threadId);
  const { readStates, nextCursor = null, backwardsCursor = null } = answer;
  return {
    data: data.filter(isOwn),
    ...(isObject(readStates) ? { readStates: picked(readStates, [threadId]) } : {}),
    nextCursor,
    backwardsCursor,
  };
}

const PLAIN = [
  "approval_policy",
  "approvals_reviewer",
  "model",
  "model_auto_compact_token_limit",
  "model_auto_compact_token_limit_scope",
  "model_context_window",
  "model_provider",
  "model_reasoning_effort",
  "model_reasoning_summary",
  "model_verbosity",
  "review_model",
  "sandbox_mode",
  "service_tier",
  "web_search",
];

function plainConfig(answer: JsonObject): Json {
  const config = isObject(answer.config) ? answer.config : {};
  return { config: picked(config, PLAIN), origins: {}, layers: null };
}

function picked(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}
