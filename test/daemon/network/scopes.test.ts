/** Every scope × every method, over the port: what comes to it is refused there or nowhere. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { methods } from "../../../src/daemon/methods/index.ts";
import { SCOPES, type Scope } from "../../../src/protocol/access.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import type { Method } from "../../../src/protocol/methods.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openWeb } from "../../support/port.ts";
import { createSession, say } from "../../support/sessions.ts";

let home: Home;
let connection: Connection;
let url: string;
const tokens = {} as Record<Scope, string>;
const partial = {} as Record<Scope, string>;

beforeAll(async () => {
  home = await createHome();
  url = await listenOn(home);
  connection = await home.connect();
  for (const scope of SCOPES) {
    tokens[scope] = (await makeToken(home, { scope })).token;
    partial[scope] = (await makeToken(home, { scope, sessions: "web*" })).token;
  }
  for (const name of ["web", "docs"]) await createSession(home, connection, { name });
  await say(connection, "docs", "say secret plans");
});
afterAll(() => home.close());

/** Calls that would do nothing, or that fail for a reason of their own, once they are let through. */
const calls: { [M in Method]: [Scope, JsonObject] } = {
  hello: [
    "observe",
    { protocol: { min: 1, max: 1 }, client: { kind: "k", version: "", user: "", from: "" } },
  ],
  "daemon/status": ["observe", {}],
  "daemon/activity": ["observe", {}],
  "daemon/metrics": ["observe", {}],
  "hook/list": ["admin", {}],
  "hook/test": ["admin", { event: "no such event" }],
  "daemon/stop": ["admin", { agents: "no such way" }],
  "peer/add": ["admin", { name: "not a name", url: "" }],
  "peer/join": ["admin", { as: "not a name", url: "" }],
  "peer/list": ["observe", {}],
  "peer/remove": ["admin", { name: "" }],
  "peer/link": ["observe", { daemon: "none" }],
  "peer/offer": ["prompt", { as: "x", daemon: "none" }],
  "peer/sessions": ["observe", {}],
  "daemon/panic": ["approve", { no: "such thing" }],
  "session/panic": ["approve", { name: "web", no: "such thing" }],
  "daemon/sent": ["prompt", {}],
  "daemon/search": ["observe", { words: "-" }],
  "daemon/audit": ["admin", { since: "no time" }],
  "archive/search": ["admin", { words: "-" }],
  "archive/sessions": ["admin", {}],
  "archive/history": ["admin", { name: "web" }],
  "session/update": ["admin", { name: "web", keep: "no such thing" }],
  "token/new": ["admin", { sessions: "not a pattern" }],
  "token/list": ["admin", {}],
  "token/revoke": ["admin", { id: "ffffffffffff" }],
  "pair/new": ["admin", { sessions: "not a pattern" }],
  "session/new": ["admin", { name: "web", spec: { cwd: "/" }, env: {} }],
  "session/list": ["observe", {}],
  "session/show": ["observe", { name: "web" }],
  "session/attach": ["observe", { name: "web" }],
  "session/detach": ["observe", { name: "web" }],
  "session/history": ["observe", { name: "web" }],
  "session/send": ["prompt", { name: "web", content: { text: "" } }],
  "session/compose": ["prompt", { name: "web", text: "" }],
  "session/withdraw": ["prompt", { name: "web", id: "nothing" }],
  "session/receipt": ["observe", { name: "web", id: "nothing" }],
  "session/approvals": ["observe", { name: "web" }],
  "session/answer": ["approve", { name: "web", answer: { decision: "accept" } }],
  "session/interrupt": ["prompt", { name: "web" }],
  "session/sleep": ["prompt", { name: "web", force: "not so" }],
  "session/wake": ["prompt", { name: "web" }],
  "session/restart": ["prompt", { name: "web", force: "not so" }],
  "session/kill": ["admin", { name: "web", more: true }],
  "session/remove": ["admin", { name: "web" }],
  "session/rename": ["admin", { name: "web", to: "not a name" }],
  "session/fork": ["admin", { name: "web", to: "web", env: {} }],
  "session/call": ["observe", { name: "web", method: "thread/read", params: {} }],
};

test("the table has every method", () => {
  expect(Object.keys(calls).toSorted()).toEqual(Object.keys(methods).toSorted());
});

describe.each(SCOPES)("the scope %s", (scope) => {
  test("calls what it may, and nothing else", async () => {
    const client = await openWeb(url, { token: tokens[scope] });
    await client.hello();
    for (const [method, [needed, params]] of Object.entries(calls)) {
      const { error } = await client.call(method, params);
      const enough = SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
      const refused = error?.data.code === "not-allowed";
      expect([method, refused]).toEqual([method, !enough]);
      if (refused) expect(error.message).toContain(needed);
    }
    client.close();
  });

  test("knows nothing of the sessions that its pattern leaves out", async () => {
    const client = await openWeb(url, { token: partial[scope] });
    await client.hello();
    for (const [method, [needed, params]] of Object.entries(calls)) {
      if (!("name" in params) || method === "session/new") continue;
      if (SCOPES.indexOf(scope) < SCOPES.indexOf(needed)) continue;
      const { error } = await client.call(method, { ...params, name: "docs" });
      // What is wrong with the params is told first, and says nothing of sessions.
      expect(["session-not-found", "invalid-params", "not-allowed"]).toContain(error?.data.code);
      expect(JSON.stringify(error)).not.toContain("secret");
      const nobody = await client.call(method, { ...params, name: "nobody" });
      expect(nobody.error.data).toEqual(error.data);
      expect(nobody.error.message).toBe(error.message.replace("docs", "nobody"));
    }
    const { sessions } = (await client.call("session/list", { all: true })).result;
    expect(sessions.map(({ name }: { name: string }) => name)).toEqual(["web"]);
    expect((await client.call("daemon/status")).result.sessions).toBe(1);
    client.close();
  });

  test("has the same say over HTTP", async () => {
    const allowed = async (needed: Scope, method: string, path: string, body?: unknown) => {
      const { status } = await ask(url, path, { method, token: tokens[scope], body });
      const enough = SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
      expect([method, path, status === 403]).toEqual([method, path, !enough]);
    };
    await allowed("observe", "GET", "/v1/sessions");
    await allowed("observe", "GET", "/v1/sessions/web");
    await allowed("observe", "GET", "/v1/sessions/web/history");
    await allowed("observe", "GET", "/v1/sessions/web/approvals");
    await allowed("prompt", "POST", "/v1/sessions/web/messages", { text: "" });
    await allowed("prompt", "POST", "/v1/sessions/web/interrupt");
    await allowed("prompt", "POST", "/v1/sessions/web/wake", {});
    await allowed("admin", "POST", "/v1/sessions/web/wake", { env: {} });
    await allowed("prompt", "POST", "/v1/sessions/web/sleep", { force: "not so" });
    await allowed("approve", "POST", "/v1/sessions/web/approvals/ffff", { decision: "accept" });
    await allowed("admin", "POST", "/v1/sessions", { name: "web", spec: { cwd: "/" } });
    if (scope !== "admin") await allowed("admin", "DELETE", "/v1/sessions/web");
    for (const path of ["", "/history", "/events", "/approvals"]) {
      const token = partial[scope];
      const hidden = await ask(url, `/v1/sessions/docs${path}`, { token });
      expect(hidden.json).toMatchObject({ status: 404, code: "session-not-found" });
    }
    const { sessions } = (await ask(url, "/v1/sessions", { token: partial[scope] })).json;
    expect(sessions.map(({ name }: { name: string }) => name)).toEqual(["web"]);
  });
});

test("who sees some sessions sees their approvals, names them so, and reads no other's thread", async () => {
  const { threadId } = await home.show("docs");
  await connection.call("session/send", { name: "docs", content: { text: "ask echo hidden" } });
  const watcher = await openWeb(url, { token: tokens.observe });
  await watcher.hello();
  // Nor does one who may only look at all of them by way of another session.
  const read = { name: "web", method: "thread/read", params: { threadId } };
  expect((await watcher.call("session/call", read)).error.data.code).toBe("not-allowed");
  await watcher.call("session/attach", { name: "docs", after: 0 });
  await watcher.until("it asks", ({ params }) => params?.params?.status === "requested");
  const client = await openWeb(url, { token: partial.admin });
  await client.hello();
  expect((await client.call("session/approvals")).result.approvals).toEqual([]);
  expect((await client.call("daemon/sent")).result.texts).toEqual([]);
  for (const [method, params] of [
    ["session/new", { name: "docs2", spec: { cwd: home.work }, env: home.env }],
    ["session/new", { spec: { cwd: home.work }, env: home.env }],
    ["session/rename", { name: "web", to: "docs2" }],
    ["session/fork", { name: "web", to: "docs2", env: home.env }],
    ["session/call", { name: "web", method: "thread/read", params: { threadId } }],
    ["daemon/stop", { agents: "keep" }],
  ] as const)
    expect([method, (await client.call(method, params)).error?.data.code]).toEqual([
      method,
      "not-allowed",
    ]);
  const spec = { cwd: home.work };
  const made = await client.call("session/new", { name: "web-2", spec, env: home.env });
  expect(made.result.session.name).toBe("web-2");
  client.close();
  watcher.close();
});

test("who only looks starts no agent", async () => {
  await createSession(home, connection, { name: "asleep" });
  await connection.call("session/sleep", { name: "asleep" });
  const client = await openWeb(url, { token: tokens.observe });
  await client.hello();
  const params = { name: "asleep", method: "thread/read", params: {} };
  expect((await client.call("session/call", params)).error.data.code).toBe("not-allowed");
  const attach = await client.call("session/attach", { name: "asleep", wake: true });
  expect(attach.error.data.code).toBe("not-allowed");
  expect((await client.call("session/attach", { name: "asleep" })).result.session.state).toBe(
    "asleep",
  );
  expect((await home.show("asleep")).attached).toMatchObject([{ readOnly: true }]);
  client.close();
});

test("where the archive is, and how it stands, is for administrators of all sessions", async () => {
  const archive = "postgres://fleet@127.0.0.1:1/internal_db";
  const other = await createHome({ config: { archive } });
  try {
    const at = await listenOn(other);
    const told = async (scope: Scope, sessions: string) => {
      const { token } = await makeToken(other, { scope, sessions });
      return (await ask(at, "/v1/status", { token })).json.archive;
    };
    for (const scope of SCOPES) {
      expect(await told(scope, "web-*")).toBeNull();
      if (scope === "admin") expect(await told(scope, "*")).toMatchObject({ url: archive });
      else expect(await told(scope, "*")).toBeNull();
    }
  } finally {
    await other.close();
  }
});
