/** The shapes of what crosses HTTP, as JSON Schema: those of `src/protocol/session.ts`. */
import { SCOPES } from "../../protocol/access.ts";
import { SEND_MODES, SESSION_STATES } from "../../protocol/session.ts";
import type { Schema } from "./route.ts";

export const string = { type: "string" };
export const integer = { type: "integer" };
const time = { type: "string", format: "date-time" };
const anyObject = { type: "object" };

export const ref = (name: keyof typeof schemas): Schema => ({
  $ref: `#/components/schemas/${name}`,
});
export const arrayOf = (items: Schema): Schema => ({ type: "array", items });
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

/** What is given has all of these, and may one day have more. */
export function objectOf(properties: Record<string, Schema>, optional: string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

/** What is taken has nothing else. */
export function bodyOf(properties: Record<string, Schema>, required: string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

const session = {
  name: string,
  id: string,
  state: { enum: [...SESSION_STATES] },
  cwd: string,
  model: nullable(string),
  provider: nullable(string),
  threadId: nullable(string),
  agentPid: nullable(integer),
  clients: integer,
  approvals: integer,
  queued: integer,
  seq: integer,
  createdAt: time,
  activeAt: time,
  peer: nullable(string),
  labels: { type: "object", additionalProperties: string },
};
/** There only as long as it holds. */
const sometimes = { place: integer, unreachableSince: time, stalledSince: time, frozenSince: time };

export const schemas = {
  Scope: { enum: [...SCOPES] },
  Session: objectOf({ ...session, ...sometimes }, Object.keys(sometimes)),
  SessionDetail: {
    type: "object",
    properties: {
      ...session,
      ...sometimes,
      spec: anyObject,
      user: nullable(string),
      codexSocket: nullable(string),
      codexVersion: nullable(string),
      turn: nullable({ type: "object", properties: { id: string, startedAt: time } }),
      messages: { type: "array", items: { $ref: "#/components/schemas/Receipt" } },
      attached: { type: "array", items: anyObject },
      crash: nullable(anyObject),
      usage: nullable(anyObject),
      resources: nullable(anyObject),
      limits: objectOf({
        idleTimeoutMs: nullable(integer),
        ttlMs: nullable(integer),
        maxTurnTimeMs: nullable(integer),
        maxQueued: integer,
      }),
      endsAt: nullable(time),
      sleepsInMs: nullable(integer),
    },
    required: [...Object.keys(session), "spec", "codexSocket", "turn", "messages", "attached"],
  },
  Stopped: objectOf({
    session: { $ref: "#/components/schemas/Session" },
    killed: integer,
    left: { type: "array", items: objectOf({ pid: integer, command: string }) },
  }),
  Receipt: objectOf(
    {
      session: string,
      messageId: string,
      status: { enum: ["accepted", "delivered", "finished", "failed", "cancelled"] },
      mode: { enum: [...SEND_MODES] },
      seq: integer,
      turnId: nullable(string),
      turnStatus: nullable({ enum: ["completed", "interrupted", "failed"] }),
      text: nullable(string),
      error: nullable(string),
      usage: nullable(anyObject),
      createdAt: time,
      frozenSince: time,
    },
    ["frozenSince"],
  ),
  Approval: objectOf(
    {
      id: string,
      session: string,
      kind: string,
      command: nullable(string),
      cwd: nullable(string),
      reason: nullable(string),
      changes: { type: "array", items: anyObject },
      unknown: string,
      decisions: { type: "array", items: objectOf({ id: string, label: string }) },
      createdAt: time,
      method: string,
      params: anyObject,
    },
    ["changes", "unknown", "method", "params"],
  ),
  Record: objectOf({ seq: integer, at: time, session: string, method: string, params: anyObject }),
  Status: objectOf({
    pid: integer,
    version: string,
    codexVersion: nullable(string),
    agentVersions: { type: "object", additionalProperties: integer },
    socket: string,
    listen: { type: "array", items: string },
    sessions: integer,
    clients: integer,
    uptimeMs: integer,
    diskBytes: integer,
    figures: nullable(anyObject),
    resources: objectOf({ by: string, memory: string, cpus: { type: "boolean" } }),
    agents: objectOf({ running: integer, max: integer, waiting: integer }),
  }),
  Problem: {
    description: "RFC 9457, with the code that PROTOCOL.md lists and what to do next.",
    ...objectOf(
      {
        type: string,
        title: string,
        status: integer,
        detail: string,
        code: string,
        next: string,
        retryAfterMs: integer,
      },
      ["next", "retryAfterMs"],
    ),
  },
} satisfies Record<string, Schema>;
