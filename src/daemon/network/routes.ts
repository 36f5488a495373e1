/** Every path that is served: the index of the HTTP side. Each is a call or two of the wire's. */

import { HacsError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Params } from "../../protocol/methods.ts";
import type { Answer as ApprovalAnswer, SendMode } from "../../protocol/session.ts";
import { basicEnvironment } from "../session/environment.ts";
import { streamEvents } from "./events.ts";
import type { Exchange } from "./exchange.ts";
import { openApi } from "./openapi.ts";
import { sendPairPage } from "./pair-page.ts";
import type { Answer, Parameter, Route } from "./route.ts";
import { arrayOf, bodyOf, integer, nullable, objectOf, ref, string } from "./schemas.ts";

const cursor = (about: string): Parameter => ({ kind: "integer", about });
const flag = (about: string): Parameter => ({ kind: "boolean", about });
const sessionResult = objectOf({ session: ref("Session") });
const only = (value: unknown): Answer => ({ value });
const nameIn = ({ path }: Exchange): string => path.name ?? "";
const params = <T>(query: Exchange["query"]): T => query as T;

/** Null: as the config has it; 0: none. */
const limits = bodyOf({
  idleTimeoutMs: nullable(integer),
  ttlMs: nullable(integer),
  maxTurnTimeMs: nullable(integer),
  maxQueued: nullable(integer),
});

const messageBody = bodyOf(
  {
    text: string,
    images: arrayOf(string),
    mode: { enum: ["queue", "steer", "interrupt"] },
    id: { ...string, description: "The same id with the same content is the same message." },
  },
  ["text"],
);

export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/healthz",
    about: "The daemon is alive.",
    open: true,
    status: 200,
    gives: objectOf({ status: { const: "ok" } }),
    run: () => only({ status: "ok" }),
  },
  {
    method: "GET",
    path: "/readyz",
    about: "The daemon takes calls; 503 while it shuts down.",
    open: true,
    status: 200,
    gives: objectOf({ status: { const: "ok" } }),
    run: ({ daemon }) => {
      daemon.refuseUnlessServing();
      return only({ status: "ok" });
    },
  },
  {
    method: "GET",
    path: "/v1/openapi.json",
    about: "This description.",
    status: 200,
    gives: { type: "object" },
    run: () => only(openApi(routes)),
  },
  {
    method: "GET",
    path: "/pair",
    about: "The page that a phone's browser exchanges a pairing code with.",
    open: true,
    status: 200,
    gives: { type: "string", contentMediaType: "text/html" },
    run: sendPairPage,
  },
  {
    method: "POST",
    path: "/v1/pair",
    about: "Exchanges a pairing code for a token, once.",
    open: true,
    ownPage: true,
    body: bodyOf({ code: string }, ["code"]),
    status: 201,
    gives: objectOf({
      id: string,
      token: string,
      scope: ref("Scope"),
      sessions: string,
      expiresAt: nullable(string),
    }),
    run: async ({ body, daemon, visitor }) => {
      const { code } = await body();
      if (typeof code !== "string") throw new HacsError("invalid-params", "The code is a string.");
      const token = daemon.tokens.issue(daemon.pairing.take(code));
      daemon.services.log.info({ id: token.id, from: visitor.address }, "a token was paired");
      return only(token);
    },
  },
  {
    method: "POST",
    path: "/v1/tickets",
    about:
      "A ticket to open one WebSocket with, within 30 seconds: for a page, which can't send a header.",
    status: 201,
    gives: objectOf({ ticket: string, expiresAt: string }),
    run: ({ client, tickets }) => only(tickets.issue(client?.identity.access.token ?? "")),
  },
  {
    method: "GET",
    path: "/v1/status",
    about: "The daemon: versions, where it listens, how many sessions and clients.",
    status: 200,
    gives: ref("Status"),
    run: async ({ call }) => only(await call("daemon/status", {})),
  },
  {
    method: "GET",
    path: "/metrics",
    about: "The daemon's figures as Prometheus reads them; for tokens for all sessions.",
    status: 200,
    gives: { type: "string", contentMediaType: "text/plain" },
    run: async ({ call }) => {
      const { text, contentType } = await call("daemon/metrics", {});
      return { value: text, contentType };
    },
  },
  {
    method: "GET",
    path: "/v1/sessions",
    about: "The sessions that the token is for.",
    query: { all: flag("Those that have ended, too.") },
    status: 200,
    gives: objectOf({ sessions: arrayOf(ref("Session")) }),
    run: async ({ call, query }) => only(await call("session/list", params(query))),
  },
  {
    method: "POST",
    path: "/v1/sessions",
    about:
      "Creates a session; env is added to the few variables of the daemon's own that a program needs.",
    body: bodyOf(
      {
        name: string,
        spec: { type: "object" },
        env: { type: "object" },
        resume: { type: "object" },
        prompt: { type: "object" },
        keep: { type: "object" },
        limits,
      },
      ["spec"],
    ),
    status: 201,
    gives: objectOf({ session: ref("Session"), receipt: nullable(ref("Receipt")) }),
    run: async ({ body, call }) => {
      const given = await body();
      const env = { ...basicEnvironment(), ...(given.env as JsonObject) };
      const value = await call("session/new", { ...given, env } as Params<"session/new">);
      return { value, headers: { location: `/v1/sessions/${value.session.id}` } };
    },
  },
  {
    method: "GET",
    path: "/v1/sessions/{name}",
    about: "One session in full.",
    status: 200,
    gives: objectOf({ session: ref("SessionDetail") }),
    run: async (exchange) => only(await exchange.call("session/show", { name: nameIn(exchange) })),
  },
  {
    method: "DELETE",
    path: "/v1/sessions/{name}",
    about: "Ends a session. Its history stays, unless history=true removes that, too.",
    query: { history: flag("Remove the history as well.") },
    status: 200,
    gives: objectOf({ session: ref("Session"), cancelled: integer }),
    run: async (exchange) => only(await end(exchange)),
  },
  {
    method: "POST",
    path: "/v1/sessions/{name}/messages",
    about: "Sends a message: stored when this answers, and delivered exactly once.",
    body: messageBody,
    status: 202,
    gives: ref("Receipt"),
    run: async (exchange) => {
      const { text, images, mode, id, ...more } = await exchange.body();
      const content = {
        text: text as string,
        ...(images === undefined ? {} : { images }),
        ...more,
      };
      const value = await exchange.call("session/send", {
        name: nameIn(exchange),
        content: content as { text: string },
        ...(mode === undefined ? {} : { mode: mode as SendMode }),
        ...(id === undefined ? {} : { id: id as string }),
      });
      const at = `/v1/sessions/${encodeURIComponent(value.session)}/messages`;
      return { value, headers: { location: `${at}/${encodeURIComponent(value.messageId)}` } };
    },
  },
  {
    method: "GET",
    path: "/v1/sessions/{name}/messages/{id}",
    about: "How far a message came, and the answer once it is finished.",
    status: 200,
    gives: ref("Receipt"),
    run: async (exchange) => {
      const { name = "", id = "" } = exchange.path;
      return only(await exchange.call("session/receipt", { name, id }));
    },
  },
  {
    method: "POST",
    path: "/v1/sessions/{name}/interrupt",
    about: "Ends the running turn.",
    status: 200,
    gives: objectOf({ turnId: string }),
    run: async (exchange) =>
      only(await exchange.call("session/interrupt", { name: nameIn(exchange) })),
  },
  {
    method: "POST",
    path: "/v1/sessions/{name}/wake",
    about: "Starts the session's agent.",
    body: bodyOf({ env: { type: "object" } }),
    status: 200,
    gives: sessionResult,
    run: async (exchange) => {
      const given = await exchange.body();
      return only(await exchange.call("session/wake", { ...given, name: nameIn(exchange) }));
    },
  },
  {
    method: "POST",
    path: "/v1/sessions/{name}/sleep",
    about: "Ends the session's agent; in the middle of a turn only with force.",
    body: bodyOf({ force: { type: "boolean" } }),
    status: 200,
    gives: sessionResult,
    run: async (exchange) => {
      const given = await exchange.body();
      return only(await exchange.call("session/sleep", { ...given, name: nameIn(exchange) }));
    },
  },
  {
    method: "POST",
    path: "/v1/sessions/{name}/panic",
    about:
      "Stops everything: ends every process of the session's, and holds its queue until it is woken.",
    status: 200,
    gives: ref("Stopped"),
    run: async (exchange) => only(await exchange.call("session/panic", { name: nameIn(exchange) })),
  },
  {
    method: "POST",
    path: "/v1/panic",
    about: "The same for all sessions that the token is for.",
    status: 200,
    gives: objectOf({ sessions: arrayOf(ref("Stopped")) }),
    run: async ({ call }) => only(await call("daemon/panic", {})),
  },
  {
    method: "GET",
    path: "/v1/approvals",
    about: "What waits for an answer, in all sessions that the token is for.",
    status: 200,
    gives: objectOf({ approvals: arrayOf(ref("Approval")) }),
    run: async ({ call }) => only(await call("session/approvals", {})),
  },
  {
    method: "GET",
    path: "/v1/sessions/{name}/approvals",
    about: "What waits for an answer in this session.",
    status: 200,
    gives: objectOf({ approvals: arrayOf(ref("Approval")) }),
    run: async (exchange) =>
      only(await exchange.call("session/approvals", { name: nameIn(exchange) })),
  },
  {
    method: "POST",
    path: "/v1/sessions/{name}/approvals/{id}",
    about: "Answers: one of its decisions, or codex's own response for a question or form.",
    body: bodyOf({ decision: string, response: {} }),
    status: 200,
    gives: objectOf({ approval: ref("Approval"), decision: string }),
    run: async (exchange) => {
      const { name = "", id = "" } = exchange.path;
      const answer = (await exchange.body()) as ApprovalAnswer;
      return only(await exchange.call("session/answer", { name, id, answer }));
    },
  },
  {
    method: "GET",
    path: "/v1/sessions/{name}/history",
    about: "Records in order: those after a cursor, or before one, or the last.",
    query: {
      after: cursor("The cursor: the last seq that one has."),
      before: cursor("The first seq that one has."),
      limit: cursor("At most so many, up to 1000."),
    },
    status: 200,
    gives: objectOf({ records: arrayOf(ref("Record")), head: integer }),
    run: async (exchange) => {
      const { query } = exchange;
      return only(await exchange.call("session/history", { name: nameIn(exchange), ...query }));
    },
  },
  {
    method: "GET",
    path: "/v1/sessions/{name}/events",
    about:
      "Server-sent events: first `attached`, then what session/event has. A record's id is its seq, so that Last-Event-ID goes on after it.",
    query: {
      after: cursor("The cursor to begin at; Last-Event-ID goes before it."),
      last: cursor("Begin with so many records."),
      deltas: flag("Token deltas, too (true)."),
    },
    status: 200,
    gives: { type: "string", contentMediaType: "text/event-stream" },
    run: streamEvents,
  },
];

/** Ends it if it has not ended, and removes it if that is asked for. */
async function end(exchange: Exchange): Promise<{ session: unknown; cancelled: number }> {
  const name = nameIn(exchange);
  const { session } = await exchange.call("session/show", { name });
  if (exchange.query.history !== true) return exchange.call("session/kill", { name });
  const ended =
    session.state === "ended"
      ? { session, cancelled: 0 }
      : await exchange.call("session/kill", { name });
  await exchange.call("session/remove", { name: session.id });
  return ended;
}
