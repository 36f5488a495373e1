/** The HTTP side, path by path; every answer is what the description that is served says. */
import net from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { eventually, within } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, type HttpAnswer, type HttpOptions, listenOn, makeToken } from "../../support/port.ts";
import { createSession, finished } from "../../support/sessions.ts";

let home: Home;
let connection: Connection;
let url: string;
let token: string;
// biome-ignore lint/suspicious/noExplicitAny: a description is what it says
let api: any;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);

beforeAll(async () => {
  home = await createHome();
  url = await listenOn(home);
  connection = await home.connect();
  ({ token } = await makeToken(home, { label: "tester" }));
  api = (await ask(url, "/v1/openapi.json", { token })).json;
  await createSession(home, connection, { name: "bot" });
});
afterAll(() => home.close());

/** The path of the description that a request is about: braces fit any segment. */
function described(method: string, path: string) {
  const [bare = ""] = path.split("?");
  const found = Object.keys(api.paths).find((known) =>
    new RegExp(`^${known.replace(/\{\w+\}/g, "[^/]+")}$`).test(bare),
  );
  return api.paths[found ?? ""]?.[method.toLowerCase()];
}

const asked = new Set<string>();

/** Asks, and checks status, type and shape against the description. */
async function request(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const answer = await ask(url, path, { token, ...options });
  const { method = "GET" } = options;
  const operation = described(method, path);
  if (operation === undefined) return answer;
  asked.add(operation.summary);
  const response = operation.responses[answer.status] ?? operation.responses.default;
  const [type, { schema }] = Object.entries(response.content)[0] as [string, { schema: object }];
  expect(answer.headers["content-type"]).toBe(type);
  const check = ajv.compile({ ...schema, components: api.components });
  expect(check(answer.json), `${method} ${path}: ${ajv.errorsText(check.errors)}`).toBe(true);
  return answer;
}

const post = (path: string, body?: unknown) => request(path, { method: "POST", body });

test("the description is OpenAPI 3.1 and has the paths that are promised", () => {
  expect(api.openapi).toMatch(/^3\.1\./);
  const promised = [
    "get /healthz",
    "get /readyz",
    "get /v1/sessions",
    "post /v1/sessions",
    "get /v1/sessions/{name}",
    "delete /v1/sessions/{name}",
    "post /v1/sessions/{name}/messages",
    "post /v1/sessions/{name}/interrupt",
    "post /v1/sessions/{name}/wake",
    "post /v1/sessions/{name}/sleep",
    "post /v1/sessions/{name}/panic",
    "post /v1/panic",
    "get /v1/sessions/{name}/approvals",
    "post /v1/sessions/{name}/approvals/{id}",
    "get /v1/sessions/{name}/history",
    "get /v1/sessions/{name}/events",
    "post /v1/pair",
    "post /v1/tickets",
  ];
  const served = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method} ${path}`),
  );
  expect(served).toEqual(expect.arrayContaining(promised));
});

test("healthz and readyz need no token and say nothing else", async () => {
  for (const path of ["/healthz", "/readyz"]) {
    const answer = await ask(url, path);
    expect(answer).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(answer.headers.server).toBeUndefined();
  }
  await request("/healthz");
  await request("/readyz");
});

test("a session from its making to its end", async () => {
  const made = await post("/v1/sessions", { name: "web", spec: { cwd: home.work } });
  expect(made).toMatchObject({ status: 201, json: { session: { name: "web" }, receipt: null } });
  expect(made.headers.location).toBe(`/v1/sessions/${made.json.session.id}`);
  const names = (answer: HttpAnswer) =>
    answer.json.sessions.map(({ name }: { name: string }) => name);
  expect(names(await request("/v1/sessions"))).toEqual(["bot", "web"]);
  expect((await request("/v1/sessions/web")).json.session.spec.cwd).toBe(home.work);
  expect((await request(made.headers.location!)).json.session.name).toBe("web");

  const sent = await post("/v1/sessions/web/messages", { text: "say hello", id: "m/1" });
  expect(sent).toMatchObject({ status: 202, json: { messageId: "m/1", session: "web" } });
  const done = await eventually(
    async () => {
      const receipt = await request(sent.headers.location!);
      return receipt.json.status === "finished" ? receipt.json : null;
    },
    { what: "the message is finished" },
  );
  expect(done).toMatchObject({ text: "hello", turnStatus: "completed" });
  const page = await request("/v1/sessions/web/history?after=0&limit=2");
  expect(page.json.records.map(({ seq }: { seq: number }) => seq)).toEqual([1, 2]);
  expect((await request("/v1/status")).json.listen).toEqual([url]);

  expect((await post("/v1/sessions/web/sleep")).json.session.state).toBe("asleep");
  expect((await post("/v1/sessions/web/wake", {})).json.session.state).toBe("idle");
  expect((await post("/v1/sessions/web/panic")).json).toMatchObject({
    session: { state: "asleep", frozenSince: expect.any(String) },
    left: [],
  });
  // Who may not stop it may not let it go on.
  const { token: prompter } = await makeToken(home, { scope: "prompt", sessions: "web" });
  const refused = await ask(url, "/v1/sessions/web/wake", {
    method: "POST",
    body: {},
    token: prompter,
  });
  expect([refused.status, refused.json.code]).toEqual([403, "not-allowed"]);
  expect((await post("/v1/sessions/web/wake", {})).json.session.state).toBe("idle");
  const { token: approver } = await makeToken(home, { scope: "approve", sessions: "web" });
  const all = await request("/v1/panic", { method: "POST", token: approver });
  expect(all.json.sessions).toMatchObject([{ session: { name: "web" }, left: [] }]);
  expect((await post("/v1/sessions/web/wake", {})).json.session.state).toBe("idle");
  const ended = await request("/v1/sessions/web", { method: "DELETE" });
  expect(ended.json).toMatchObject({ session: { state: "ended" }, cancelled: 0 });
  expect(names(await request("/v1/sessions"))).toEqual(["bot"]);
  expect(names(await request("/v1/sessions?all=true"))).toEqual(["bot", "web"]);
  expect((await post("/v1/sessions/web/messages", { text: "late" })).status).toBe(410);
  expect((await request("/v1/sessions/web?history=true", { method: "DELETE" })).status).toBe(200);
  expect((await request("/v1/sessions/web")).status).toBe(404);
});

test("a message that is sent again under its id is the same one", async () => {
  const send = (text: string) => post("/v1/sessions/bot/messages", { text, id: "once" });
  const [first, second] = await Promise.all([send("say once"), send("say once")]);
  expect([first?.status, second?.status]).toEqual([202, 202]);
  expect(second?.json.createdAt).toBe(first?.json.createdAt);
  expect((await send("say twice")).json).toMatchObject({ status: 409, code: "id-conflict" });
  await finished(connection, "bot", "once");
  expect(home.model.texts().filter((text) => text === "say once")).toHaveLength(1);
});

test("an approval is listed, answered once, and attributed to the token", async () => {
  await post("/v1/sessions/bot/messages", { text: "ask echo over http" });
  const waiting = await eventually(
    async () => (await request("/v1/sessions/bot/approvals")).json.approvals[0],
    { what: "an approval waits" },
  );
  expect(waiting.command).toContain("echo over http");
  expect((await request("/v1/approvals")).json.approvals).toHaveLength(1);
  const path = `/v1/sessions/bot/approvals/${waiting.id}`;
  expect((await post(path, { decision: "nonsense" })).status).toBe(422);
  expect((await post(path, { decision: "accept" })).json).toMatchObject({ decision: "accept" });
  const again = await post(path, { decision: "accept" });
  expect(again.json).toMatchObject({ status: 409, code: "approval-answered" });
  expect(again.json.detail).toContain("tester (http, 127.0.0.1, token ");
  await eventually(async () => (await home.show("bot")).state === "idle", { what: "it is idle" });
});

test("a turn is interrupted", async () => {
  await post("/v1/sessions/bot/messages", { text: "gated forever" });
  await home.model.reached("forever");
  expect((await post("/v1/sessions/bot/interrupt")).json.turnId).toEqual(expect.any(String));
  expect((await post("/v1/sessions/bot/interrupt")).json).toMatchObject({ code: "no-turn" });
});

test.each<[string, string, HttpOptions, number, string]>([
  ["GET", "/", {}, 404, "path-unknown"],
  ["GET", "/v1/nothing", {}, 404, "path-unknown"],
  ["PUT", "/v1/sessions", {}, 405, "path-unknown"],
  ["DELETE", "/v1/sessions", {}, 405, "path-unknown"],
  ["GET", "/v1/sessions/nobody", {}, 404, "session-not-found"],
  ["GET", "/v1/sessions/a%2Fb", {}, 404, "peer-not-found"],
  ["GET", "/v1/sessions/..%2f..%2fetc", {}, 422, "invalid-name"],
  ["GET", "/v1/sessions/%00", {}, 404, "session-not-found"],
  ["GET", "/v1/sessions/%ff", {}, 400, "request-invalid"],
  ["GET", "/v1/sessions/bot/history?after=x", {}, 400, "request-invalid"],
  ["GET", "/v1/sessions/bot/history?after=-1", {}, 400, "request-invalid"],
  ["GET", "/v1/sessions/bot/history?after=1&after=2", {}, 400, "request-invalid"],
  ["GET", "/v1/sessions/bot/history?limit=5000", {}, 422, "invalid-params"],
  ["GET", "/v1/sessions/bot/history?after=999999", {}, 422, "cursor-ahead"],
  ["GET", "/v1/sessions/bot/events?after=999999", {}, 422, "cursor-ahead"],
  ["GET", "/v1/sessions?all=yes", {}, 400, "request-invalid"],
  ["GET", "/v1/sessions?token=x", {}, 400, "request-invalid"],
  ["POST", "/v1/sessions/bot/messages", {}, 422, "invalid-params"],
  ["POST", "/v1/sessions/bot/messages", { body: "{" }, 400, "request-invalid"],
  ["POST", "/v1/sessions/bot/messages", { body: "[]" }, 400, "request-invalid"],
  ["POST", "/v1/sessions/bot/messages", { body: { text: 1 } }, 422, "invalid-params"],
  ["POST", "/v1/sessions/bot/messages", { body: { text: " " } }, 422, "empty-message"],
  ["POST", "/v1/sessions/bot/messages", { body: { text: "x", more: 1 } }, 422, "invalid-params"],
  [
    "POST",
    "/v1/sessions/bot/messages",
    { body: `{"text":${"[".repeat(5000)}` },
    400,
    "frame-invalid",
  ],
  [
    "POST",
    "/v1/sessions/bot/messages",
    { body: "text=hello", headers: { "content-type": "application/x-www-form-urlencoded" } },
    415,
    "request-invalid",
  ],
  [
    "POST",
    "/v1/sessions/bot/messages",
    { body: '{"text":"x"}', headers: { "content-type": "text/plain" } },
    415,
    "request-invalid",
  ],
  ["POST", "/v1/sessions", { body: { name: "bot", spec: { cwd: "/" } } }, 409, "name-taken"],
  ["POST", "/v1/sessions", { body: { name: "../x", spec: { cwd: "/" } } }, 422, "invalid-name"],
  [
    "POST",
    "/v1/sessions",
    { body: { spec: { cwd: "/nowhere/at/all" } } },
    422,
    "directory-missing",
  ],
  [
    "POST",
    "/v1/sessions/bot/approvals/0000",
    { body: { decision: "accept" } },
    404,
    "approval-not-found",
  ],
  ["POST", "/v1/pair", { body: { code: "AAAAA-AAAAA" } }, 403, "pairing-failed"],
])("%s %s %j: %i %s", async (method, path, options, status, code) => {
  const answer = await request(path, { method, ...options });
  expect(answer.json).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/problem+json");
  if (status === 405) expect(answer.headers.allow).toBe("GET, POST");
});

test("a body past the bound is refused before it is whole", async () => {
  const { port } = new URL(url);
  const socket = net.connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk;
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const length = 100 * 1024 * 1024;
  socket.write(
    `POST /v1/sessions/bot/messages HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`,
  );
  for (let sent = 0; sent <= 8; sent++) socket.write("x".repeat(1024 * 1024));
  await eventually(() => text.includes("frame-too-large"), { what: "it is refused" });
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  await within(closed, { what: "it is cut off" });
  expect((await request("/v1/sessions")).status).toBe(200);
});

test("HEAD is GET without a body", async () => {
  const answer = await ask(url, "/v1/sessions", { method: "HEAD", token });
  expect(answer).toMatchObject({ status: 200, text: "" });
});

test("every path of the description but streams was asked", () => {
  const all = Object.values(api.paths as Record<string, Record<string, { summary: string }>>)
    .flatMap((methods) => Object.values(methods))
    .map(({ summary }) => summary);
  expect(
    all.filter(
      (summary) =>
        !asked.has(summary) &&
        !/^Server-sent|^A ticket|^This|^The page|as Prometheus/.test(summary),
    ),
  ).toEqual([]);
});
