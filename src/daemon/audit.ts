/**
 * Who did what, from where and with which token: one table of what is worth an entry, and one
 * place where every call passes it. What a session's history does not say by itself is put there,
 * too. Texts are not repeated here; the history has them.
 */
import type { Logger } from "pino";
import { includes } from "../protocol/access.ts";
import { HacsError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/messages.ts";
import type { Method, Params, Result } from "../protocol/methods.ts";
import type { Actor } from "../protocol/session.ts";
import type { Client } from "./client.ts";
import { scopeOf } from "./methods/scopes.ts";
import type { Services } from "./services.ts";
import type { Session } from "./session/session.ts";
import type { Sessions } from "./sessions.ts";
import type { NewAuditEntry } from "./store/audit-table.ts";
import type { Store } from "./store/store.ts";

interface Done {
  action: string;
  detail?: JsonObject;
  /** What the action made, when the call does not name it. */
  made?: { id: string; name: string };
  /** The history of the session is to say so as well. */
  recorded?: boolean;
}

type Rules = {
  [M in Method]?: (params: Params<M>, result: Result<M>) => Done | null;
};

const rules: Rules = {
  "hook/test": ({ event, hook }) => ({
    action: "hook",
    detail: { test: event, ...(hook === undefined ? {} : { hook }) },
  }),
  "daemon/stop": ({ agents }) => ({ action: "stop", detail: { agents } }),
  "token/new": ({ label }, { id, scope, sessions }) => ({
    action: "token",
    detail: { id, scope, sessions, ...(label === undefined ? {} : { label }) },
  }),
  "token/revoke": (_, { token, cut }) => ({ action: "revoke", detail: { id: token.id, cut } }),
  "pair/new": ({ scope, sessions }) => ({
    action: "pair",
    detail: { scope: scope ?? "observe", sessions: sessions ?? "*" },
  }),
  "peer/add": ({ name, url }) => ({ action: "peer", detail: { add: name, url } }),
  "peer/join": ({ url, as }) => ({ action: "peer", detail: { join: url, as } }),
  "peer/remove": ({ name }) => ({ action: "peer", detail: { remove: name } }),
  "session/new": ({ spec }, { session, receipt }) => ({
    action: "new",
    made: session,
    detail: { cwd: spec.cwd, ...(receipt === null ? {} : { message: receipt.messageId }) },
  }),
  "session/send": (_, { messageId, mode }) => ({ action: "send", detail: { id: messageId, mode } }),
  "session/withdraw": ({ id }) => ({ action: "unsend", detail: { id } }),
  "session/answer": (_, { approval, decision }) => ({
    action: /^accept/.test(decision)
      ? "approve"
      : /^(decline|cancel)$/.test(decision)
        ? "deny"
        : "answer",
    detail: { id: approval.id, kind: approval.kind, decision },
  }),
  "session/interrupt": (_, { turnId }) => ({ action: "interrupt", detail: { turnId } }),
  "session/sleep": ({ force }) => ({ action: "sleep", recorded: true, ...forced(force) }),
  "session/wake": ({ env }) => ({ action: "wake", ...withEnvironment(env) }),
  "session/restart": ({ env, force }) => ({
    action: "restart",
    recorded: true,
    detail: { ...withEnvironment(env).detail, ...forced(force).detail },
  }),
  "session/panic": (_, { killed, left }) => ({
    action: "panic",
    detail: { killed, left: left.length },
  }),
  "daemon/panic": (_, { sessions }) => ({
    action: "panic",
    detail: {
      all: true,
      sessions: sessions.length,
      killed: sessions.reduce((sum, { killed }) => sum + killed, 0),
      left: sessions.reduce((sum, { left }) => sum + left.length, 0),
    },
  }),
  "session/kill": (_, { cancelled }) => ({ action: "kill", detail: { cancelled } }),
  "session/remove": (_, { records }) => ({ action: "rm", detail: { records } }),
  "session/update": ({ keep, limits, run }) => ({
    action: "set",
    recorded: true,
    detail: {
      ...(keep === undefined ? {} : { keep: { ...keep } }),
      ...(limits === undefined ? {} : { limits: { ...limits } }),
      ...(run === undefined ? {} : { run: { ...run } }),
    },
  }),
  "session/rename": ({ to }) => ({ action: "rename", detail: { to } }),
  "session/fork": ({ name }, { session }) => ({
    action: "fork",
    made: session,
    detail: { from: name },
  }),
  "session/call": ({ method, params }) => called(method, params),
};

export class Audit {
  readonly #store: Store;
  readonly #sessions: Sessions;
  readonly #log: Logger;

  constructor({ store, log }: Services, sessions: Sessions) {
    this.#store = store;
    this.#log = log;
    this.#sessions = sessions;
  }

  /** Before a call: gives what to say when it was answered, or refused. */
  of(client: Client, method: Method, params: JsonObject): Call {
    const { name } = params;
    // By its name of now: the call may change it, or take the session away.
    const session = typeof name === "string" ? this.#sessions.lookUp(name) : undefined;
    const about = session && { id: session.id, name: session.name };
    let left = false;
    return {
      leave: () => {
        left = true;
      },
      done: (result) => {
        if (left) return;
        // Answered, so the params have the method's shape.
        const done = rules[method]?.(params as never, result as never);
        if (done == null) return;
        const { action, detail = {}, made, recorded } = done;
        this.note(client, made ?? about, action, detail);
        if (recorded && session !== undefined) this.#record(session, client, action, detail);
      },
      refused: (error) => {
        if (left || !(error instanceof HacsError) || error.code !== "not-allowed") return;
        this.note(client, about, method, {}, error.code);
      },
    };
  }

  note(
    client: Client,
    session: { id: string; name: string } | undefined,
    action: string,
    detail: JsonObject,
    outcome = "done",
  ): void {
    if (client.actor === undefined) return;
    const entry: NewAuditEntry = {
      at: new Date().toISOString(),
      session: session?.id ?? null,
      name: session?.name ?? null,
      action,
      outcome,
      by: this.#store.redactor.json(client.actor),
      token: client.identity.access.token,
      detail: this.#store.redactor.json(detail),
    };
    this.#write(() => this.#store.audit.insert(entry), entry);
  }

  /** What was done was done; that there is no entry of it is said where it still can be. */
  #write(work: () => void, entry: object): void {
    try {
      this.#store.transaction(work);
    } catch (error) {
      this.#log.error({ err: error, entry }, "an entry of the audit can't be written");
    }
  }

  #record(session: Session, client: Client, action: string, detail: JsonObject): void {
    const told = { action, by: client.actor as Actor, detail };
    this.#write(() => session.history.own("session/control", told), told);
  }
}

export interface Call {
  /** It goes to another daemon, which has an audit of its own. */
  leave(): void;
  done(result: unknown): void;
  refused(error: unknown): void;
}

/** What only looks is nobody's business; what a prompt could bring about shows by itself. */
function called(method: string, params: JsonObject): Done | null {
  const needed = scopeOf("session/call", { name: "", method, params });
  if (needed === "observe") return null;
  const { threadId: _, ...settings } = params;
  const changes = method === "thread/settings/update";
  return {
    action: changes ? "set" : "call",
    detail: changes ? settings : { method },
    recorded: changes || includes(needed, "admin"),
  };
}

function forced(force: boolean | undefined): { detail?: JsonObject } {
  return force === true ? { detail: { force } } : {};
}

function withEnvironment(env: object | undefined): { detail?: JsonObject } {
  return env === undefined ? {} : { detail: { env: "changed" } };
}
