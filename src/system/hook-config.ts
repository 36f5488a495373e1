/**
 * The config file's hooks: what is to be run or posted when something happens. What is wrong is
 * said without the value, since a URL or a header may be the secret itself.
 */
import { createHash } from "node:crypto";
import { checkPattern } from "../protocol/access.ts";
import { NAME_RULE } from "../protocol/address.ts";
import { parseDuration } from "../protocol/duration.ts";
import { messageOf } from "../protocol/errors.ts";
import { type HookEventName, hookEventNames, isHookEvent } from "../protocol/hooks.ts";
import { isObject, type Json, type JsonObject } from "../protocol/messages.ts";

interface HookBase {
  on: HookEventName[];
  /** What it goes by; made of what it is when left out. */
  name?: string;
  /** A pattern of names; all when left out. */
  sessions?: string;
  timeout?: string;
}

export interface RunHook extends HookBase {
  /** A program with its arguments, or a line for /bin/sh. */
  run: string[] | string;
}

export interface PostHook extends HookBase {
  post: string;
  headers?: Record<string, string>;
  /** What is sent instead of the event: its strings may have {{data.summary}} and the like. */
  body?: JsonObject;
  /** Files that hold the key to sign with, and a bearer token. */
  secretFile?: string;
  tokenFile?: string;
}

export type HookConfig = RunHook | PostHook;

const hooksMax = 32;
const headersMax = 20;
const timeoutMsMax = 600_000;

type Check = (value: Json) => string | undefined;

const isText = (value: Json | undefined): value is string =>
  typeof value === "string" && value !== "" && !/[\u0000]/.test(value);
const absolute: Check = (value) =>
  isText(value) && value.startsWith("/") ? undefined : "is an absolute path";
const wrongUnless =
  (holds: (value: Json) => boolean, rule: string): Check =>
  (value) =>
    holds(value) ? undefined : rule;

const common: Record<string, Check> = {
  on: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((name) => typeof name === "string" && isHookEvent(name))
      ? undefined
      : `is a list of one or more of ${hookEventNames.join(", ")}`,
  name: wrongUnless(
    (value) => typeof value === "string" && NAME_RULE.test(value),
    "is a name by the rule for sessions' names",
  ),
  sessions: (value) => {
    try {
      checkPattern(String(value));
      return typeof value === "string" ? undefined : "is a pattern of names";
    } catch (error) {
      return `is none: ${messageOf(error)}`;
    }
  },
  timeout: (value) => {
    try {
      if (parseDuration(String(value)) <= timeoutMsMax) return undefined;
    } catch {
      // Said below.
    }
    return "is a time as 30s, at most 10m";
  },
};

const runMembers: Record<string, Check> = {
  ...common,
  run: wrongUnless(
    (value) => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
    "is a program with its arguments as a list, or a line for the shell",
  ),
};

const postMembers: Record<string, Check> = {
  ...common,
  post: wrongUnless(isHttpUrl, "is a URL that begins with https:// or http://, without a login"),
  headers: wrongUnless(
    (value) =>
      isObject(value) &&
      Object.keys(value).length <= headersMax &&
      Object.entries(value).every(
        ([name, text]) =>
          /^[A-Za-z0-9-]+$/.test(name) &&
          !/^(webhook-.*|content-(type|length)|host|connection|transfer-encoding)$/i.test(name) &&
          typeof text === "string" &&
          /^[\x20-\x7e]*$/.test(text),
      ),
    "is an object of header values by their names, none of them one that is set anyway",
  ),
  body: wrongUnless(isObject, "is a JSON object"),
  secretFile: absolute,
  tokenFile: absolute,
};

function isHttpUrl(value: Json): boolean {
  if (typeof value !== "string") return false;
  try {
    const { protocol, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && username === "" && password === "";
  } catch {
    return false;
  }
}

/** What is wrong with the config's `hooks`, in words that hold none of their values. */
export function wrongHooks(value: Json): string | undefined {
  if (!Array.isArray(value) || value.length > hooksMax)
    return `is a list of hooks, at most ${hooksMax}`;
  for (const [place, hook] of value.entries()) {
    const wrong = wrongHook(hook);
    if (wrong !== undefined) return `[${place}]${wrong}`;
  }
  const names = (value as unknown as HookConfig[]).map(hookName);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  return twice && `has two hooks that go by ${twice}: give each a name of its own`;
}

function wrongHook(hook: Json): string | undefined {
  if (!isObject(hook)) return " is an object";
  const kinds = ["run", "post"].filter((kind) => hook[kind] !== undefined);
  if (kinds.length !== 1) return " has either run or post";
  if (hook.on === undefined) return " has no on, which says what it is for";
  const members = kinds[0] === "run" ? runMembers : postMembers;
  for (const [name, value] of Object.entries(hook)) {
    if (!Object.hasOwn(members, name))
      return ` has no member ${JSON.stringify(name)}; it may have ${Object.keys(members).join(", ")}`;
    const wrong = value === undefined ? undefined : members[name]?.(value);
    if (wrong !== undefined) return `.${name} ${wrong}`;
  }
  return undefined;
}

/**
 * What a hook goes by. Deliveries that wait are kept under it, so without a name of its own it is
 * made of what the hook does, and another place in the list changes nothing.
 */
export function hookName(hook: HookConfig): string {
  if (hook.name !== undefined) return hook.name;
  const what = "run" in hook ? hook.run : [hook.post, hook.body ?? null];
  const identity = JSON.stringify([[...hook.on].sort(), hook.sessions ?? "*", what]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 8);
}
