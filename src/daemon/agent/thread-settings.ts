/**
 * A thread's settings, in codex's words: what it answers when a thread is opened, and tells in
 * `thread/settings/updated` when somebody changed them. Changed ones go before the spec: codex
 * keeps most of them with the thread, but for a thread without a turn, a fork and some sandboxes
 * it does not, so that they are said again whenever the thread is opened.
 */
import { isDeepStrictEqual } from "node:util";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import type { KeptSettings, SessionRow } from "../store/session-table.ts";
import type { AgentLink } from "./agent-link.ts";

/** What is kept of codex's `ThreadSettings`. */
const KEPT = [
  "model",
  "modelProvider",
  "effort",
  "summary",
  "serviceTier",
  "approvalPolicy",
  "approvalsReviewer",
  "sandboxPolicy",
  "activePermissionProfile",
  "cwd",
] as const;
/** What an opened thread answers under another name than `ThreadSettings` has. */
const OPENED: Record<string, string> = { effort: "reasoningEffort", sandboxPolicy: "sandbox" };
/** One and the same sandbox may be answered with its profile's name or without. */
const COMPARED = KEPT.filter((key) => key !== "activePermissionProfile");

const sandboxes = new Map<unknown, string>([
  ["readOnly", "read-only"],
  ["workspaceWrite", "workspace-write"],
  ["dangerFullAccess", "danger-full-access"],
]);

/** From a `thread/settings/updated`. */
export function toldSettings(told: unknown): JsonObject {
  return pick(told, (key) => key);
}

/** From codex's answer to a thread that was opened. */
export function openedSettings(response: JsonObject): JsonObject {
  return pick(response, (key) => OPENED[key] ?? key);
}

/**
 * What a session keeps once its thread was opened. `afresh`: as we asked for it, so that what was
 * changed holds, and codex tells if it made something else of it.
 */
export function afterOpening(
  before: KeptSettings | null,
  opened: JsonObject,
  afresh: boolean,
): KeptSettings {
  if (before?.changed && afresh) return { ...before, now: { ...opened, ...before.now } };
  const now = { ...before?.now, ...opened };
  return {
    now,
    changed: before !== null && (before.changed || (!afresh && differ(before.now, now))),
  };
}

/** What changes in a session's row when codex tells of its settings; nothing when that is no news. */
export function afterTelling(
  before: KeptSettings | null,
  told: JsonObject,
): Partial<Pick<SessionRow, "settings" | "model" | "provider">> {
  const now = { ...before?.now, ...told };
  if (before !== null && !differ(before.now, now)) return {};
  const { model, modelProvider } = now;
  return {
    settings: { now, changed: true },
    ...(typeof model === "string" ? { model } : {}),
    ...(typeof modelProvider === "string" ? { provider: modelProvider } : {}),
  };
}

/** The options that a thread is opened with, with the settings that were changed in their place. */
export function withSettings(options: JsonObject, settings: JsonObject): JsonObject {
  const { sandbox: _sandbox, ...others } = options;
  const { effort, summary, sandboxPolicy, activePermissionProfile: profile, ...same } = settings;
  const mode = isObject(sandboxPolicy) ? sandboxes.get(sandboxPolicy.type) : undefined;
  const config: JsonObject = {
    ...(isObject(options.config) ? options.config : {}),
    ...(typeof effort === "string" ? { model_reasoning_effort: effort } : {}),
    ...(typeof summary === "string" ? { model_reasoning_summary: summary } : {}),
  };
  return {
    ...others,
    ...Object.fromEntries(Object.entries(same).filter(([, value]) => value !== null)),
    ...(isObject(profile)
      ? { permissions: profile.id ?? null }
      : mode === undefined
        ? {}
        : { sandbox: mode }),
    ...(Object.keys(config).length > 0 ? { config } : {}),
  };
}

/** A sandbox with directories or a network of its own is more than its mode can say. */
export async function restoreSandbox(
  link: AgentLink,
  threadId: string,
  opened: JsonObject,
  settings: JsonObject,
): Promise<void> {
  const { sandboxPolicy, activePermissionProfile } = settings;
  if (!isObject(sandboxPolicy) || isObject(activePermissionProfile)) return;
  if (isDeepStrictEqual(opened.sandboxPolicy, sandboxPolicy)) return;
  await link.call("thread/settings/update", { threadId, sandboxPolicy });
}

function pick(from: unknown, nameOf: (key: string) => string): JsonObject {
  const given = isObject(from) ? from : {};
  return Object.fromEntries(
    KEPT.flatMap((key) => {
      const value = given[nameOf(key)];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function differ(before: JsonObject, now: JsonObject): boolean {
  return COMPARED.some((key) => !isDeepStrictEqual(before[key] ?? null, now[key] ?? null));
}
